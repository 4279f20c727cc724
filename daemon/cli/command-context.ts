import path from 'node:path';
import manifest from '../../package.json' with { type: 'json' };
import { CodedError } from '../../schemas/protocol/error.ts';
import { sluiceFolder } from '../../schemas/protocol/state-folder.ts';
import type { DaemonClient } from '../../client/daemon-client.ts';
import { type Connected, versionFit } from '../../client/connect.ts';
import { daemonLauncher, type StartConsent } from '../../client/daemon-launch.ts';
import { connectIfRunning } from '../../client/find-daemon.ts';
import { ProjectList } from '../../client/projects.ts';
import { connectOrStart } from '../../client/daemon-lifecycle.ts';
import { findProjectFolder } from '../../client/state-folder.ts';
import { messageOf } from './client-fault-text.ts';
import { exitCodeOf, exitCodes, type ExitCode, UsageError } from './exit-code.ts';
import { wrap } from './render/text-width.ts';
import type { Terminal, View } from './terminal.ts';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';

export interface GlobalOptions {
  readonly project?: string;
  readonly json?: boolean;
}

/** What every command works with: who reads, which project, and the way to its daemon. */
export class CommandContext {
  readonly terminal: Terminal;
  readonly json: boolean;
  readonly #given: string | undefined;
  readonly #open: DaemonClient[] = [];
  #remembered: Promise<void> | undefined;

  constructor(terminal: Terminal, { project, json }: GlobalOptions) {
    this.terminal = terminal;
    this.json = json === true;
    this.#given = project;
  }

  /** The project's folder, absolute. */
  async project(): Promise<string> {
    const found = await this.projectIfAny();
    if (found !== undefined) return found;
    const from = this.startFolder;
    throw new CodedError(
      'bad-project',
      this.#given === undefined
        ? `There is no ${sluiceFolder}/ in ${from} or above it. \`sluice init\` makes a project here; --project DIR names one elsewhere.`
        : `There is no ${sluiceFolder}/ in ${from}. \`sluice init --project ${this.#given}\` makes a project there.`,
    );
  }

  async projectIfAny(): Promise<string | undefined> {
    const from = this.startFolder;
    const found = await findProjectFolder(from);
    // A folder that was named is the project itself: a project above it would be a surprise.
    return this.#given !== undefined && found !== from ? undefined : found;
  }

  /** The folder that a new project goes into. */
  get startFolder(): string {
    return path.resolve(this.terminal.io.cwd, this.#given ?? '.');
  }

  /** A connection to the project's daemon, which is started if none runs. `adopt`: with the state that is there, no matter who made it. */
  async connect({ adopt = false } = {}): Promise<DaemonClient> {
    return this.#start(adopt ? 'adopt' : 'asked');
  }

  /** As `connect`, for a command that only looks: it isn't what starts a daemon where this user has never run one. */
  async connectToLook(): Promise<DaemonClient> {
    return this.#start('known-only');
  }

  async connectIfRunning({ ignoreVersion = false } = {}): Promise<DaemonClient | undefined> {
    const connection = await connectIfRunning(await this.project());
    return connection === undefined ? undefined : this.#keep(connection, ignoreVersion);
  }

  async #start(consent: StartConsent): Promise<DaemonClient> {
    const launch = daemonLauncher({ program: daemonProgram, execPath: process.execPath, env: this.terminal.io.env });
    return this.#keep(await connectOrStart(await this.project(), { launch, consent }));
  }

  #keep({ client, status: { project, version } }: Connected, ignoreVersion = false): DaemonClient {
    this.#open.push(client);
    this.#remembered ??= new ProjectList(this.terminal.io.env).remember(project);
    const notice = ignoreVersion ? undefined : versionNotice(version);
    if (notice !== undefined) this.notice(notice);
    return client;
  }

  /** A thing: the document itself with --json, else the text. */
  show(value: unknown, render: (view: View) => string): void {
    if (this.json) this.terminal.out(JSON.stringify(value, null, 2));
    else this.terminal.out(render(this.terminal.view));
  }

  /** What isn't the answer: on stderr, and a JSON document there too with --json. */
  notice(message: string): void {
    this.terminal.err(this.json ? JSON.stringify({ notice: message }) : wrap(message, this.terminal.errorView.width));
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open.map((client) => client.close()), this.#remembered]);
  }
}

export const ownVersion: string = manifest.version;

/** Undefined if a daemon of that version understands this command, and has all that it knows. */
function versionNotice(version: string): string | undefined {
  switch (versionFit(version, ownVersion)) {
    case 'fits':
      return undefined;
    case 'older':
    case 'too-old':
      return `The daemon has version ${version}, and this command ${ownVersion}; \`sluice restart\` makes them the same.`;
    case 'too-new':
      // A restart would bring the older one back.
      return `The daemon has version ${version}, which is newer than this command (${ownVersion}): update it.`;
  }
}

/** Tells on stderr why a command ends, and answers with its exit code. */
export function reportError(error: unknown, terminal: Terminal, json: boolean): ExitCode {
  const { code, message, exit, data } = describe(error);
  if (json) terminal.err(JSON.stringify({ error: { code, message, ...data } }));
  else terminal.err(wrap(`${terminal.errorView.style('red', 'error:')} ${message}`, terminal.errorView.width));
  return exit;
}

function describe(error: unknown): { code: string; message: string; exit: ExitCode; data: object } {
  if (error instanceof CodedError) return { code: error.code, message: messageOf(error), exit: exitCodeOf(error.code), data: error.data };
  if (error instanceof UsageError) return { code: 'usage', message: error.message, exit: exitCodes.usage, data: {} };
  return { code: 'internal', message: messageOf(error), exit: exitCodes.failed, data: {} };
}

/**
 * The path of the program of the daemon, for `node PATH --project DIR`.
 *
 * In source this file is in `daemon/cli/` and the program is `daemon/main.ts`. In a build, `scripts/build.ts` puts this
 * module into `dist/cli.js` or a chunk beside it and the program into `dist/daemon.js`; all lie flat in `dist/`.
 */
export const daemonProgram: string = fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? '../main.ts' : './daemon.js', import.meta.url));

/** What a file of `commands/` exports: it adds its command to the program. */
export type AddCommand = (program: Command, runtime: CommandRuntime) => void;

/** Ties commander's actions to this command line: gives each its context, keeps its exit code, closes what it opened. */
export class CommandRuntime {
  exitCode: ExitCode = exitCodes.done;
  readonly #terminal: Terminal;
  readonly #globals: () => GlobalOptions;

  constructor(terminal: Terminal, globals: () => GlobalOptions) {
    this.#terminal = terminal;
    this.#globals = globals;
  }

  /** An action for commander. The handler gets the command's arguments, then its options. */
  action<Args extends unknown[]>(handler: (context: CommandContext, ...args: Args) => Promise<ExitCode>): (...args: Args) => Promise<void> {
    return async (...args) => {
      const context = new CommandContext(this.#terminal, this.#globals());
      try {
        this.exitCode = await handler(context, ...args);
      } finally {
        await context.close();
      }
    };
  }
}

/** The examples at the end of a command's help: what one types, and what it is for. */
export function examples(...lines: readonly (readonly [command: string, purpose: string])[]): string {
  const width = Math.max(...lines.map(([command]) => command.length));
  return `\nExamples:\n${lines.map(([command, purpose]) => `  $ ${command.padEnd(width)}   ${purpose}`).join('\n')}`;
}
