import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { CodedError, systemCodeOf } from '../../schemas/protocol/error.ts';
import { sluiceFolder } from '../../schemas/protocol/state-folder.ts';
import { makeStateFolder } from '../state/state-folder.ts';
import { choosePracticePort, practiceUrl, practiceWorkflow } from './practice-receiver.ts';

export interface StarterProject {
  /** The project's folder, absolute. */
  readonly project: string;
  /** Files that were written, relative to the project, with forward slashes. */
  readonly created: readonly string[];
  /** Files that were there already, and were left alone. */
  readonly kept: readonly string[];
}

const hello = (practicePort: number): string => `# A workflow: what to do, in steps. \`sluice run hello --wait\` runs it to its end.
# It calls the practice receiver of this machine: \`sluice practice\` in another terminal, or "Sluice: Start Practice Receiver".
name: Hello
description: Greet a few people, one call each.

# What a run is started with: \`sluice run hello -i people='["Ada", "grace"]'\`. The receiver refuses a name without a capital letter.
inputs:
  people: { type: array, items: { type: string }, default: [Ada, Grace, Linus] }
  url: { type: string, default: "${practiceUrl(practicePort)}" }

steps:
  greet:
    queue: web                 # declared in .sluice/queues.yaml: its limits hold for all runs together
    foreach: { items: "\${{ inputs.people }}", as: person, key: "\${{ person }}", on-item-failure: continue }   # a job for each
    uses: http/request
    with:
      method: POST
      url: \${{ inputs.url }}
      json: { name: "\${{ person }}" }
    timeout: 10s
    # Nobody answers? It is tried again, four times; then the job is a dead letter, for you to fix: \`sluice dead\`.
    retry: { delays: [2s, 10s, 1m, 5m] }

  # More steps go here. One that uses \${{ steps.greet.results }} waits until all are greeted.
`;

const queues = `# Queues that several workflows share. A queue says how fast and how many at a time.
queues:
  web:
    rate: 60/min               # in any minute, no matter who restarts in between
    concurrency: 5             # attempts at the same time
    alerts: { dead-letters: { error: 1 } }   # tell me as soon as something could not be done
`;

const connections = `# SMTP servers. Secrets are named here, never written here:
# put a line NAME=value into .sluice/state/secrets.env (mode 0600), or set SLUICE_SECRET_NAME.
connections: {}
#  mail: { type: smtp, host: smtp.example.com, port: 587, tls: starttls, user: mailer, password: "\${{ secrets.MAIL_PASSWORD }}", from: "News <news@example.com>" }
`;

const config = `# The daemon's own settings; \`sluice restart\` makes it read them again.
durability: full               # full: what was accepted survives a power cut. normal: faster, survives a crash of the daemon
`;

const files = (practicePort: number): readonly (readonly [file: string, text: string])[] => [
  [practiceWorkflow, hello(practicePort)],
  [`${sluiceFolder}/queues.yaml`, queues],
  [`${sluiceFolder}/connections.yaml`, connections],
  [`${sluiceFolder}/config.yaml`, config],
];

/** Writes a small project that works, and never over a file that is there. */
export async function writeStarterProject(folder: string): Promise<StarterProject> {
  const created: string[] = [];
  const kept: string[] = [];
  await makeFolder(folder, path.join(sluiceFolder, 'workflows'));
  for (const [file, text] of files(await choosePracticePort())) {
    const isNew = await writeNew(path.join(folder, file), text);
    (isNew ? created : kept).push(file);
  }
  await makeStateFolder(folder);
  return { project: folder, created, kept };
}

/** False if the file is there already. `wx` leaves no moment between looking and writing. */
async function writeNew(file: string, text: string): Promise<boolean> {
  try {
    await writeFile(file, text, { flag: 'wx' });
    return true;
  } catch (error) {
    if (systemCodeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/** @throws CodedError `bad-project`, which says what is in the way */
async function makeFolder(project: string, folder: string): Promise<void> {
  const full = path.join(project, folder);
  try {
    await mkdir(full, { recursive: true });
  } catch (error) {
    throw new CodedError('bad-project', `The folder ${full} can't be made: ${whyNot(error)}`);
  }
}

function whyNot(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  switch (code) {
    case 'EEXIST':
    case 'ENOTDIR':
      return 'a file of that name, or of one of the folders above it, is in the way. Move it, or choose another folder.';
    case 'EACCES':
    case 'EPERM':
      return 'you may not write there. Choose a folder of your own.';
    case 'EROFS':
      return 'the disk is read-only.';
    case 'ENOSPC':
      return 'the disk is full.';
    default:
      return error instanceof Error ? error.message : String(error);
  }
}
