import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { CodedError } from '../../schemas/protocol/error.ts';
import { defaultStoreSchema, storeUrlProblem } from '../../schemas/workflow/analysis/store-analysis.ts';
import type { StoreSettings, StoreUrl } from '../../schemas/workflow/model.ts';
import { message } from '../../schemas/wording/message.ts';

/** The variable that says where the store is. */
export const storeVariable = 'SLUICE_STORE';

/** Where the store of a project is. URLs have passwords in them: they are for the driver alone. */
export type StorePlace =
  | { readonly kind: 'embedded' }
  | { readonly kind: 'postgres'; readonly url: string; readonly listenUrl?: string; readonly schema: string };

export interface StorePlaceParams {
  /** `store` of `config.yaml`. */
  readonly settings: StoreSettings | undefined;
  readonly env: NodeJS.ProcessEnv;
  readonly secret: (name: string) => { readonly ok: true; readonly value: string } | { readonly ok: false };
}

/** @throws CodedError `bad-project` where that is said twice, or not so that it can be used: jobs must not come into a store that nobody meant */
export function storePlaceOf({ settings, env, secret }: StorePlaceParams): StorePlace {
  const variable = env[storeVariable];
  if (variable !== undefined && variable !== '') {
    if (settings?.postgres !== undefined) throw new CodedError('bad-project', message("The variable {variable} and 'store' of .sluice/config.yaml both say where the store is. Take one of them out.", { variable: storeVariable }));
    if (!isUsable(variable)) throw new CodedError('bad-project', message('The variable {variable} is not a URL of Postgres. It looks like postgres://user:password@db.example.com:5432/jobs.', { variable: storeVariable }));
    return postgresPlace(variable, settings, secret);
  }
  if (settings === undefined) return { kind: 'embedded' };
  if (settings.postgres === undefined) throw new CodedError('bad-project', message("'store' of .sluice/config.yaml has no 'postgres', and the variable {variable} is not set. Say where the store is, or take 'store' out for the embedded one.", { variable: storeVariable }));
  return postgresPlace(urlOf(settings.postgres, 'postgres', secret), settings, secret);
}

/** With the same rights in it. */
export function isSamePlace(one: StorePlace, other: StorePlace): boolean {
  if (one.kind === 'embedded' || other.kind === 'embedded') return one.kind === other.kind;
  return one.url === other.url && one.schema === other.schema && one.listenUrl === other.listenUrl;
}

/** Names a daemon among those that share a store: the same over its restarts, and unlike that of any other machine or folder. */
export function daemonName(projectFolder: string, machineId: string): string {
  return `${hostname()}:${projectFolder}#${createHash('sha256').update(machineId).digest('hex').slice(0, 6)}`;
}

/**
 * Tells daemons of one name apart, which run on copies of a machine: by what only their state folder has, and by the start of the machine, since a folder is copied with its machine. Who has the
 * project's lock, and has the same, is the same daemon after a crash.
 */
export function occupantOf(ownKey: string): string {
  return createHash('sha256').update(`sluice place ${ownKey} ${machineStart()}`).digest('hex').slice(0, 16);
}

/** Differs after each start of the machine; empty where that isn't known. */
function machineStart(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '';
  }
}

/** What must never be shown of a place. */
export function secretsOf(place: StorePlace): readonly string[] {
  if (place.kind === 'embedded') return [];
  return [place.url, ...(place.listenUrl === undefined ? [] : [place.listenUrl])].flatMap((url) => {
    const encoded = /^[^/]*\/\/[^/@:]*:([^/]*)@/.exec(url)?.[1];
    return [url, ...(encoded === undefined || encoded === '' ? [] : [encoded, decoded(encoded)])];
  });
}

function postgresPlace(url: string, settings: StoreSettings | undefined, secret: StorePlaceParams['secret']): StorePlace {
  const listen = settings?.listen;
  return { kind: 'postgres', url, schema: settings?.schema ?? defaultStoreSchema, ...(listen === undefined ? {} : { listenUrl: urlOf(listen, 'listen', secret) }) };
}

function urlOf(url: StoreUrl, key: 'postgres' | 'listen', secret: StorePlaceParams['secret']): string {
  if ('url' in url) return url.url;
  const { secret: name } = url;
  const found = secret(name);
  // Not `sluice secrets set`: it asks a daemon, which needs the store first.
  if (!found.ok) throw new CodedError('bad-project', message("'store.{key}' of .sluice/config.yaml needs the secret {name}, which is not set. Set the variable SLUICE_SECRET_{name}, or add the line {name}=... to .sluice/state/secrets.env (mode 0600).", { key, name }));
  if (!isUsable(found.value)) throw new CodedError('bad-project', message("The secret {name}, which 'store.{key}' of .sluice/config.yaml names, is not a URL of Postgres. It looks like postgres://user:password@db.example.com:5432/jobs.", { key, name }));
  return found.value;
}

function isUsable(url: string): boolean {
  return storeUrlProblem(url) === undefined;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
