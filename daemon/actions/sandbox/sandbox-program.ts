import { letDieFirst } from '../../platform/let-die-first.ts';
import { FrameReader, writeFrame } from '../frame-reader.ts';
import { runScript } from './run-script.ts';
import type { SandboxTask } from './sandbox-task.ts';

/** The program of a process of the sandbox: it runs the code of one job after another, as they are sent. It ends with its daemon, which holds the other end of its input. */
const reader = new FrameReader((message, bytes) => {
  void runScript(message as SandboxTask, bytes.toString()).then(({ reply, result = '' }) => {
    writeFrame(process.stdout, reply, Buffer.from(result));
    // Memory of WebAssembly only grows: with a new process it is given back.
    if (reply.isSpent === true) process.stdin.destroy();
  });
});

// What ends a daemon in a terminal is sent to all of its processes, but it is the daemon's to decide.
for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => {});
letDieFirst();
process.stdin.on('data', (chunk: Buffer) => reader.read(chunk));
