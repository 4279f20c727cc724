import { CodedError } from '../../schemas/protocol/error.ts';
import { parseJsonObject } from '../../schemas/workflow/json.ts';
import { message } from '../../schemas/wording/message.ts';

/**
 * What `sluice store copy` leaves in a store, so that nobody takes the wrong one for the project's:
 *
 *     target: (nothing) -> unfinished -> (nothing)     the source is marked in between, under the same id
 *     source: (nothing) -> moved
 *
 * A copy that dies leaves either an unfinished target, or that and a source that has moved, which the next copy finishes.
 */
export type StoreMark =
  /** Not all of it is there, or the source is not marked yet. */
  | { readonly kind: 'unfinished'; readonly id: string; readonly other: string; readonly at: number }
  /** All of it was copied to `other`, a place for people. */
  | { readonly kind: 'moved'; readonly id: string; readonly other: string; readonly at: number };

/** In the table `meta`. */
export const copyMarkKey = 'copy';

/** Undefined if there is none. A store that is only looked at may have anything in it. */
export function readMark(value: unknown): StoreMark | undefined {
  const mark = typeof value === 'string' ? parseJsonObject(value) : undefined;
  if (mark === undefined) return undefined;
  const { kind, id, other, at } = mark;
  return (kind === 'unfinished' || kind === 'moved') && typeof id === 'string' && typeof other === 'string' && typeof at === 'number' ? { kind, id, other, at } : undefined;
}

/** Looked at by everyone who opens a store to use it. @throws CodedError `store-unavailable` */
export function assertUsable(store: string, value: unknown): void {
  const mark = readMark(value);
  if (mark === undefined) return;
  const { other } = mark;
  if (mark.kind === 'unfinished') throw new CodedError('store-unavailable', message('What is in the store ({store}) is a copy of another one ({other}) that did not finish, so nothing of it is used. Run `sluice store copy` again.', { store, other }));
  throw new CodedError(
    'store-unavailable',
    message(
      "The jobs of the store ({store}) were moved to another one ({other}) at {time}, so this one is no longer used. Set 'store' of .sluice/config.yaml, or the variable SLUICE_STORE, to where they are. If that store is lost: `sluice store reopen` uses this one again, and what was done since then is done again.",
      { store, other, time: new Date(mark.at).toISOString() },
    ),
    { unusable: true },
  );
}
