import type { Json } from '../../../schemas/workflow/json.ts';
import { letDieFirst } from '../../platform/let-die-first.ts';
import { FrameReader, writeFrame } from '../frame-reader.ts';
import { runOnSqlite } from './run-on-sqlite.ts';
import type { SqliteTask } from './sqlite-task.ts';

/** The program of a process that runs statements on SQLite databases, one after another. It ends with its daemon, which holds the other end of its input. */
const reader = new FrameReader((message, bytes) => {
  const { reply, rows } = runOnSqlite(message as SqliteTask, JSON.parse(bytes.toString()) as readonly Json[]);
  writeFrame(process.stdout, reply, rows ?? new Uint8Array());
});

// What ends a daemon in a terminal is sent to all of its processes, but it is the daemon's to decide.
for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => {});
letDieFirst();
process.stdin.on('data', (chunk: Buffer) => reader.read(chunk));
