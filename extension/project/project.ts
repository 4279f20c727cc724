import type { ConnectionState } from '../../client/connection-state.ts';
import { Connection, type ConnectionEvent, type ConnectionOptions } from '../../client/connection.ts';
import type { Daemon } from '../../client/daemon-client.ts';
import type { Log } from '../base/log.ts';
import { Mirror } from '../mirror/mirror.ts';
import { clientFaultText, messageOf } from '../wording/client-fault-text.ts';

export interface ProjectOptions extends Omit<ConnectionOptions, 'projectFolder' | 'onEvent'> {
  readonly log: Log;
  /** As a URI. */
  readonly folder: string;
  /** For a person. */
  readonly name: string;
  /** Absolute. */
  readonly path: string;
}

/** A workspace folder that is a project, or could become one: its connection, and what is known through it. */
export class Project {
  readonly folder: string;
  readonly name: string;
  readonly path: string;
  readonly connection: Connection;
  readonly mirror: Mirror;

  constructor({ folder, name, path, log, ...options }: ProjectOptions) {
    this.folder = folder;
    this.name = name;
    this.path = path;
    this.connection = new Connection({ ...options, projectFolder: path, onEvent: (event) => logEvent(log, path, event) });
    this.mirror = new Mirror({ onFault: (error) => log.warn(`mirror of ${name}: ${messageOf(error)}`) });
    this.connection.onDidChange((state) => this.#follow(state));
  }

  /** The folder has a `.sluice/`. */
  get isProject(): boolean {
    return this.connection.state.kind !== 'none';
  }

  /** The daemon where one is connected; views never start one. */
  get daemon(): Daemon | undefined {
    return this.connection.daemon;
  }

  async dispose(): Promise<void> {
    this.mirror.detach();
    await this.connection.dispose();
  }

  #follow(state: ConnectionState): void {
    switch (state.kind) {
      case 'connected':
        void this.mirror.attach(state.daemon);
        void remember(this.path);
        break;
      case 'reconnecting':
      case 'starting':
        this.mirror.detach();
        break;
      case 'none':
      case 'gone':
      case 'stopped':
      case 'untrusted':
      case 'incompatible':
        this.mirror.clear();
        break;
    }
  }
}

/** For `sluice projects`, and for other windows. */
async function remember(folder: string): Promise<void> {
  // Not needed to look or to start, so not loaded for it.
  const { ProjectList } = await import('../../client/projects.ts');
  await new ProjectList().remember(folder);
}

function logEvent(log: Log, folder: string, event: ConnectionEvent): void {
  switch (event.kind) {
    case 'starting':
      log.info(`starting the daemon of ${folder}`);
      break;
    case 'connected':
      log.info(`connected to the daemon of ${folder}: pid ${event.pid}, version ${event.version}`);
      break;
    case 'lost':
      log.warn(`lost the daemon of ${folder}`);
      break;
    case 'crashed':
      log.warn(`the daemon of ${folder} ended unexpectedly; it is started again`);
      break;
    case 'start-failed':
      log.error(clientFaultText(event.fault));
      break;
    case 'error':
      log.error(messageOf(event.error));
      break;
  }
}
