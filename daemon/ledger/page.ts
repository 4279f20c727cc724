import { CodedError } from '../../schemas/protocol/error.ts';
import { message } from '../../schemas/wording/message.ts';
import type { JobRow } from './row.ts';

/** Lists are read page by page, the newest first. A cursor names the last row of the page before, by what the list is sorted by. */

/** @throws CodedError `invalid-params` */
export function runBefore(cursor: string): number {
  if (!/^\d{1,15}$/.test(cursor)) throw invalidCursor();
  return Number(cursor);
}

/** @throws CodedError `invalid-params` */
export function jobBefore(cursor: string): { readonly diedAt: number; readonly id: number } {
  const [, diedAt, id] = /^(\d{1,15})\.(\d{1,15})$/.exec(cursor) ?? [];
  if (diedAt === undefined || id === undefined) throw invalidCursor();
  return { diedAt: Number(diedAt), id: Number(id) };
}

/** `byDeath`: of a list of dead letters, which is sorted by when they died. */
export function jobCursor(job: Pick<JobRow, 'id' | 'ended_at'>, byDeath: boolean): string {
  return `${byDeath ? (job.ended_at ?? 0) : 0}.${job.id}`;
}

/** The first page of rows of which one more than `limit` has been read, if there is one. */
export function pageOf<Row>(rows: readonly Row[], limit: number, cursorOf: (last: Row) => string): { readonly page: readonly Row[]; readonly next: { readonly next?: string } } {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return { page, next: rows.length > limit && last !== undefined ? { next: cursorOf(last) } : {} };
}

function invalidCursor(): CodedError {
  return new CodedError('invalid-params', message('`cursor` must be `next` of an earlier page of the same list.'));
}
