import { realpath } from 'node:fs/promises';
import { join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { message } from '../../../schemas/wording/message.ts';
import type { Clock } from '../../core/clock.ts';
import { abortedAttempt, type ActionContext, type ActionFailure, attemptError, type FailureDetails, invalidInput, type ResolvedSqliteConnection } from '../action.ts';
import { ProcessPool } from '../process-pool.ts';
import { onMachine, openProjectFile } from '../project-file.ts';
import type { SqlAnswer, SqlOrder } from './sql-answer.ts';
import { sqliteFailure } from './sqlite-failure.ts';
import type { SqliteReply, SqliteTask } from './sqlite-task.ts';

/** Longest wait for another program's lock, in milliseconds. */
const mostBusyMs = 5_000;
/** Smaller answers ask for no room. In bytes. */
const smallBytes = 262_144;

/** A sibling of this module in source and in `dist/`. */
const program = fileURLToPath(new URL(`./sqlite-program${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url));

/** Statements on files of the project, each in a process: one that never ends is ended with it. */
export class Sqlite {
  readonly #processes: ProcessPool<SqliteTask, SqliteReply>;

  constructor(clock: Clock) {
    // The signal of the attempt ends what takes too long.
    this.#processes = new ProcessPool({ clock, program, most: 4, heapMb: 256, wallMs: () => 2 ** 31 - 1 });
  }

  /** Of the processes that there are. */
  get pids(): readonly number[] {
    return this.#processes.pids;
  }

  /** @throws MachineTroubleError where the machine lacks what it takes to open any file */
  async run({ file: { folder, path, machine } }: ResolvedSqliteConnection, { text, values, write, bounds }: SqlOrder, context: Pick<ActionContext, 'signal' | 'depart' | 'room' | 'timeLimitMs'>, details: FailureDetails): Promise<SqlAnswer | ActionFailure> {
    // To open and close the store, even only to look at it, would let go of the locks that this process has on it.
    if (/^\.sluice[/\\]state([/\\]|$)/i.test(normalize(path))) return invalidInput('no database', message("{file} belongs to the daemon's state.", { file: JSON.stringify(path) }), details);
    const opened = await openProjectFile(folder, path);
    if (!opened.ok) return invalidInput('no database', message('{problem}.', { problem: `${opened.message}${onMachine(machine)}` }), details);
    const { dev, ino } = await opened.handle.stat({ bigint: true });
    await opened.handle.close();
    const file = await realpath(join(folder, path));
    if (bounds.maxBytes > smallBytes) await context.room(bounds.maxBytes);
    await context.depart?.();
    const task: SqliteTask = { file, inode: `${dev}:${ino}`, text, write, bounds, busyMs: Math.min(mostBusyMs, Math.ceil(context.timeLimitMs / 2)) };
    const ending = await this.#processes.run(task, JSON.stringify(values), context.signal);
    switch (ending.kind) {
      case 'aborted':
      case 'overdue':
        return abortedAttempt(context.signal, details);
      case 'lost':
        return { ok: false, error: attemptError('network', 'process lost', message('The process that runs statements of SQLite ended before it had an answer: {why}.', { why: ending.why })), ...details };
      case 'reply':
        return replied(ending.reply, ending.bytes, { path, write, details });
    }
  }

  /** Idempotent. */
  stop(): void {
    this.#processes.stop();
  }
}

function replied(reply: SqliteReply, rows: Buffer, { path, write, details }: { readonly path: string; readonly write: boolean; readonly details: FailureDetails }): SqlAnswer | ActionFailure {
  switch (reply.kind) {
    case 'rows':
      return { ...reply, rows };
    case 'failed':
      return sqliteFailure(reply, path, write, details);
    case 'refused':
      return reply.why === 'replaced'
        ? invalidInput('no database', message('{file} was replaced while it was opened.', { file: JSON.stringify(path) }), details)
        : invalidInput('no database', message('A file beside {file} (-journal, -wal, -shm) is no regular file, so the database is not opened.', { file: JSON.stringify(path) }), details);
    default:
      return reply;
  }
}
