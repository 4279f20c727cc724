import { Connection, type ConnectionOptions } from '../../client/connection.ts';
import type { ConnectionState } from '../../client/connection-state.ts';
import type { Daemon } from '../../client/daemon-client.ts';
import { messageOf } from '../log.ts';
import { Mirror } from '../mirror/mirror.ts';

export interface ProjectOptions extends Omit<ConnectionOptions, 'projectFolder'> {
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

  constructor({ folder, name, path, ...options }: ProjectOptions) {
    this.folder = folder;
    this.name = name;
    this.path = path;
    this.connection = new Connection({ ...options, projectFolder: path });
    this.mirror = new Mirror({ onFault: (error) => options.log.warn(`mirror of ${name}: ${messageOf(error)}`) });
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
        break;
      case 'reconnecting':
      case 'starting':
        this.mirror.detach();
        break;
      case 'none':
      case 'stopped':
      case 'untrusted':
      case 'incompatible':
        this.mirror.clear();
        break;
    }
  }
}
