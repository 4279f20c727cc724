import { hostname } from 'node:os';
import path from 'node:path';
import manifest from '../../package.json' with { type: 'json' };
import { protocolVersion } from '../../schemas/protocol/daemon-status.ts';
import { SharedClock } from '../platform/shared-clock.ts';
import { machine } from '../platform/system-clock.ts';
import type { PostgresOptions } from './postgres/postgres-store.ts';
import { daemonName, occupantOf, type StorePlace } from './store-place.ts';
import type { Store } from './store.ts';

export interface SharedStoreOptions extends Required<Pick<PostgresOptions, 'linkKey' | 'onLinkKey'>> {
  readonly place: Extract<StorePlace, { kind: 'postgres' }>;
  readonly projectFolder: string;
  /** For its journal of attempts. */
  readonly stateFolder: string;
  readonly machineId: string;
}

/** The store of several daemons, not opened yet, with the clock that all of them share. Its driver is loaded only where it is needed. */
export async function sharedStore({ place, projectFolder, stateFolder, machineId, ...links }: SharedStoreOptions): Promise<{ readonly store: Store; readonly clock: SharedClock }> {
  const { PostgresStore } = await import('./postgres/postgres-store.ts');
  const { url, listenUrl, schema } = place;
  const clock = new SharedClock(machine);
  const store = new PostgresStore({
    url,
    schema,
    clock,
    ...links,
    journalFile: path.join(stateFolder, 'store-attempts'),
    daemon: daemonName(projectFolder, machineId),
    occupant: occupantOf(links.linkKey),
    about: { host: hostname(), folder: projectFolder, version: manifest.version, protocol: protocolVersion, pid: process.pid, startedAt: clock.now() },
    onServerTime: (wallMs) => clock.follow(wallMs),
    ...(listenUrl === undefined ? {} : { listenUrl }),
  });
  return { store, clock };
}
