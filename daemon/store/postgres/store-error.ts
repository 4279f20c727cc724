import { CodedError, systemCodeOf } from '../../../schemas/protocol/error.ts';
import { message, type Message } from '../../../schemas/wording/message.ts';

/** Where a store is, for people: without user and password. */
export interface StorePlace {
  /** `db.example.com:5432/jobs` */
  readonly server: string;
  readonly schema: string;
}

/** What can be read of the URL of a store without its password. */
export function placeOf(url: string, schema: string): StorePlace {
  try {
    const { hostname, port, pathname } = new URL(url);
    return { server: `${hostname === '' ? 'localhost' : hostname}:${port === '' ? 5432 : port}${pathname}`, schema };
  } catch {
    return { server: 'a server whose URL is none', schema };
  }
}

/** A transaction of another one was in the way: the same again may succeed. Deadlock, serialisation, and a row that another has made at the same time. */
const passing: readonly unknown[] = ['40P01', '40001', '23505'];

/** A pooler has given another server process, which doesn't know what was prepared, or has it already. */
const unprepared: readonly unknown[] = ['26000', '42P05'];

/** Classes of SQLSTATE by which the server, and not a statement, is at fault: no connection, no resources, an operator, its disk, no rights to connect, no such database. */
const unavailableClasses: readonly string[] = ['08', '53', '57', '58', '28', '3D', 'XX'];
/** Read-only, as a standby is; a lock that wasn't given in time, and transactions that took too long for the server. */
const unavailableCodes: readonly string[] = ['25006', '55P03', '25P03', '25P04'];
/** Tables that are not there, or not as they were, and those that may not be used: an administrator is at work, and what is written now would be lost. */
const tableCodes: readonly string[] = ['42P01', '42703', '3F000', '42501'];

/** A statement was refused because one before it in the transaction has failed. */
export function isAborted(error: unknown): boolean {
  return sqlStateOf(error) === '25P02';
}

export function isPassing(error: unknown): boolean {
  return passing.includes(sqlStateOf(error)) && !isReplaced(error);
}

/** Another process has committed under this daemon's number: the transactions of a daemon are numbered, so nothing of two that take themselves for the same is done twice. */
function isReplaced(error: unknown): boolean {
  return error instanceof Error && 'constraint' in error && error.constraint === 'commits_pkey';
}

export function isUnprepared(error: unknown): boolean {
  return unprepared.includes(sqlStateOf(error));
}

/** The server has ended the connection: even after a COMMIT, which may have happened. */
function isFatal(error: unknown): boolean {
  return error instanceof Error && 'severity' in error && (error.severity === 'FATAL' || error.severity === 'PANIC');
}

/**
 * This connection is of no further use, but another may be: the server has ended it; it leads to a server that has become a standby, while the address may lead to the new one by now; or statements that
 * were prepared on it no longer fit the tables.
 */
export function needsOtherConnection(error: unknown): boolean {
  const state = sqlStateOf(error);
  return isFatal(error) || state === '25006' || (state === '0A000' && error instanceof Error && error.message.startsWith('cached plan'));
}

/** `store-unavailable` where the server is at fault, or can't be reached; else the error as it is. Never with the URL in it. */
export function codedStoreError(error: unknown, { server }: StorePlace, isLost = false): unknown {
  if (error instanceof CodedError || !(error instanceof Error)) return error;
  const state = sqlStateOf(error);
  if (isReplaced(error)) {
    return unavailable(
      message("Another daemon has opened the store on {server} as the one that this daemon is, so this one can't write any more. It ends, and the next start gets a place of its own. Is its machine, or its container, a copy of another one's?", { server }),
      { unusable: true },
    );
  }
  const problem = error.message === '' ? (systemCodeOf(error) ?? 'no reason was given') : error.message;
  if (state === '53100') return unavailable(message("The store's server {server} has no room on its disk ({problem}).", { server, problem }), { noRoom: true });
  if (state === '25006') return unavailable(message("The store's server {server} is read-only, as a standby is ({problem}).", { server, problem }), { away: true });
  if (state !== undefined && tableCodes.includes(state)) return unavailable(message('The tables of the store on {server} are not as they should be ({problem}).', { server, problem }));
  if (state !== undefined && !isOfServer(state)) return isLost ? unavailable(message("The connection to the store's server {server} was lost ({problem}).", { server, problem }), { away: true }) : error;
  if (state !== undefined) return unavailable(message("The store's server {server} refuses ({problem}).", { server, problem }), isOfSetUp(state) ? {} : { away: true });
  if (isLost || isOfNetwork(error)) return unavailable(message("The store's server {server} can't be reached ({problem}).", { server, problem }), { away: true });
  return error;
}

/** Wrong passwords, and databases that aren't there: a person has to correct what is said of the store before a daemon can begin. */
function isOfSetUp(state: string): boolean {
  return state.startsWith('28') || state.startsWith('3D');
}

/** The same for a connection that can't be made: whatever the reason is, the server is at fault, or what is said of it. */
export function codedConnectError(error: unknown, place: StorePlace): unknown {
  const coded = codedStoreError(error, place);
  if (coded instanceof CodedError || !(error instanceof Error)) return coded;
  return unavailable(message("The store's server {server} can't be reached ({problem}).", { server: place.server, problem: error.message }));
}

/** `away`: it passes by itself, so a daemon that starts waits for it. `unusable`: this process can't use the store again. */
function unavailable(told: Message, data: { readonly noRoom?: true; readonly away?: true; readonly unusable?: true } = {}): CodedError {
  return new CodedError('store-unavailable', told, data);
}

function isOfServer(state: string): boolean {
  return unavailableCodes.includes(state) || unavailableClasses.includes(state.slice(0, 2));
}

/** The driver has words only for a connection that ended. */
function isOfNetwork(error: Error): boolean {
  const code = systemCodeOf(error);
  return (code !== undefined && /^E[A-Z_]+$/.test(code)) || /^Connection terminated|connection error|timeout expired|was closed and is not queryable|SSL/.test(error.message);
}

function sqlStateOf(error: unknown): string | undefined {
  const code = systemCodeOf(error);
  return code !== undefined && /^[0-9A-Z]{5}$/.test(code) && error instanceof Error && 'severity' in error ? code : undefined;
}
