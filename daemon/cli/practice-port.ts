import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { sluiceFolder } from '../../schemas/protocol/state-folder.ts';

/** Where the practice receiver listens if nothing else has that port. */
export const defaultPracticePort = 4680;

/** The workflow that calls the practice receiver, relative to the project, with forward slashes. */
export const practiceWorkflow = `${sluiceFolder}/workflows/hello.yaml`;

const address = /(http:\/\/127\.0\.0\.1:)(\d{1,5})(\/greetings)/;

export function practiceUrl(port: number): string {
  return `http://127.0.0.1:${port}/greetings`;
}

/** A port for a new project: the default one, or any that is free. */
export async function choosePracticePort(): Promise<number> {
  return (await tryPort(defaultPracticePort)) ?? (await tryPort(0)) ?? defaultPracticePort;
}

/** The port that the project's first workflow calls. Undefined if the workflow is gone or calls something else now. */
export async function readPracticePort(project: string): Promise<number | undefined> {
  const port = address.exec(await readWorkflow(project))?.[2];
  return port === undefined ? undefined : Number(port);
}

/** Makes the project's first workflow call that port. Resolves to whether the file was changed. */
export async function writePracticePort(project: string, port: number): Promise<boolean> {
  const text = await readWorkflow(project);
  const changed = text.replace(address, (_, before: string, _old, after: string) => `${before}${port}${after}`);
  if (changed === text) return false;
  await writeFile(path.join(project, practiceWorkflow), changed);
  return true;
}

async function readWorkflow(project: string): Promise<string> {
  return readFile(path.join(project, practiceWorkflow), 'utf8').catch(() => '');
}

async function tryPort(port: number): Promise<number | undefined> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(undefined));
    server.listen(port, '127.0.0.1', () => {
      const bound = server.address();
      server.close(() => resolve(typeof bound === 'object' && bound !== null ? bound.port : port));
    });
  });
}
