import { letDieFirst } from '../platform/let-die-first.ts';
import { releaseBuffer } from '../platform/release-buffer.ts';
import { encodeBody, type BodyRequest } from './body-output.ts';
import type { BodyReply } from './body-process.ts';
import { textOf, type BodyText } from './http-answer.ts';
import { FrameReader, writeFrame } from './frame-reader.ts';

/** The program of the process that works on large bodies, one after the other. It ends with its daemon, which holds the other end of its input. */
const reader = new FrameReader((message, bytes) => {
  try {
    const request = message as BodyRequest;
    const { json, ...warning } = encodeBody(request, () => decode(request, bytes));
    reply({ ok: true, ...warning }, json);
  } catch (error) {
    // A text that is longer than V8 takes, say: it says nothing about the bodies behind it.
    reply({ ok: false, message: error instanceof Error ? error.message : String(error) }, new Uint8Array());
  }
});

// What ends a daemon in a terminal is sent to all of its processes, but it is the daemon's to decide.
for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => {});
letDieFirst();
process.stdin.on('data', (chunk: Buffer) => reader.read(chunk));

function decode({ headers }: BodyRequest, bytes: Buffer): BodyText {
  const text = textOf(bytes, headers);
  releaseBuffer(bytes);
  return text;
}

function reply(message: BodyReply, bytes: Uint8Array): void {
  writeFrame(process.stdout, message, bytes);
}
