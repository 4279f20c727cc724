import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { isJsonObject } from '../../schemas/workflow/json.ts';
import { readFile, writeFile } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import { sluiceFolder } from '../../schemas/protocol/state-folder.ts';

/** A greeting that came in, and what became of it. */
export interface Greeting {
  /** As it was sent: anything that JSON can be. */
  readonly name: unknown;
  readonly status: 200 | 422;
}

export interface PracticeReceiver {
  readonly port: number;
  /** Closes the connections that are open as well. */
  stop(): Promise<void>;
}

/** A greeting is a few bytes. */
const maxBytes = 64 * 1024;

/**
 * A stand-in for somebody else's server, to try Sluice on without a network: it takes `{"name": "Ada"}` and refuses a name that doesn't
 * begin with a capital letter. Reachable from this machine only.
 *
 * @throws Error where the port is taken
 */
export async function startPracticeReceiver(port: number, onGreeting: (greeting: Greeting) => void): Promise<PracticeReceiver> {
  const server = createServer((request, response) => void answer(request, response, onGreeting));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(request: IncomingMessage, response: ServerResponse, onGreeting: (greeting: Greeting) => void): Promise<void> {
  const say = (status: number, body: Readonly<Record<string, unknown>>): void => void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  try {
    const name = await nameIn(request);
    const isGood = typeof name === 'string' && /^\p{Lu}/u.test(name);
    onGreeting({ name, status: isGood ? 200 : 422 });
    if (isGood) say(200, { greeting: `Hello, ${name}!` });
    else say(422, { error: 'A name begins with a capital letter.' });
  } catch {
    // The other side went away, or sent something endless.
    response.destroy();
  }
}

/** @throws Error where the body is too large or breaks off */
async function nameIn(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    const part = Buffer.from(chunk as Uint8Array);
    bytes += part.length;
    if (bytes > maxBytes) throw new Error('too large');
    chunks.push(part);
  }
  try {
    const body: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    return isJsonObject(body) ? body['name'] : undefined;
  } catch {
    return undefined;
  }
}

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
  const server = net.createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(undefined));
    server.listen(port, '127.0.0.1', () => {
      const bound = server.address();
      server.close(() => resolve(typeof bound === 'object' && bound !== null ? bound.port : port));
    });
  });
}
