import { randomBytes } from 'node:crypto';
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { Reader } from './reader.ts';
import { sentError, type SentAnswer, type WorkerReply, type WorkerRequest, type WorkerStart } from './worker-message.ts';
import { releaseOutputs } from './settle-call.ts';
import { Writer, type WriteAnswer, type WriteCall } from './writer.ts';

/**
 * The program of the store's threads. The writer takes everything that has arrived while it was at the last commit, and
 * makes one transaction of it: under load, commits get larger and not more frequent.
 */
const port = parentPort;
if (port === null) throw new Error('this program runs as a worker thread');
const { role, file, durability, linkKey } = workerData as WorkerStart;

let writer: Writer | undefined;
let reader: Reader | undefined;

port.on('message', (first: WorkerRequest) => {
  const requests = [first];
  for (let more = receiveMessageOnPort(port); more !== undefined; more = receiveMessageOnPort(port)) {
    requests.push(more.message as WorkerRequest);
  }
  let writes: (WorkerRequest & { readonly kind: 'write' })[] = [];
  for (const request of requests) {
    if (request.kind === 'write') {
      writes.push(request);
      continue;
    }
    write(writes);
    writes = [];
    reply({ id: request.id, answers: [attempt(() => answerOther(request))] });
    if (request.kind === 'close') port.close();
  }
  write(writes);
});

function write(requests: readonly { readonly id: number; readonly calls: readonly WriteCall[] }[]): void {
  if (requests.length === 0) return;
  if (writer === undefined) {
    for (const { id, calls } of requests) reply({ id, answers: calls.map(() => notOpen()) });
    return;
  }
  const all = requests.flatMap(({ calls }) => calls);
  const { answers, committed } = writer.run(all);
  for (const call of all) if (call.name === 'settle') releaseOutputs(call.params);
  let from = 0;
  for (const [index, { id, calls }] of requests.entries()) {
    const own = answers.slice(from, from + calls.length).map(sentAnswer);
    from += calls.length;
    reply({ id, answers: own, ...(index === requests.length - 1 ? { committed } : {}) });
  }
}

function answerOther(request: Exclude<WorkerRequest, { readonly kind: 'write' }>): unknown {
  switch (request.kind) {
    case 'open':
      if (role === 'reader') {
        reader = new Reader(file);
        return undefined;
      }
      writer = new Writer({ file, durability, newStoreId: () => randomBytes(4).toString('hex'), linkKey });
      try {
        return writer.open(request.params);
      } catch (error) {
        // It may be tried again, and has to leave the file to who only reads meanwhile.
        writer.close();
        writer = undefined;
        throw error;
      }
    case 'look':
      reader?.close();
      reader = new Reader(file, 'read-alone');
      return reader.look(request.params);
    case 'leave':
      reader?.close();
      reader = undefined;
      return undefined;
    case 'read':
      if (reader === undefined) throw new Error('the store is not open');
      return reader.run(request.call);
    case 'retire':
      if (writer === undefined) throw new Error('the store is not open');
      writer.copyTo(request.file);
      return undefined;
    case 'releaseMemory':
      writer?.releaseMemory();
      reader?.releaseMemory();
      // V8 looks for garbage when it needs memory, which a thread at rest doesn't. The last resort gives the room of the garbage back as well.
      globalThis.gc?.({ type: 'major', flavor: 'last-resort' });
      return undefined;
    case 'isOverwritten':
      return writer?.isOverwritten() === true;
    case 'close':
      reader?.close();
      writer?.close();
      return undefined;
  }
}

function attempt(work: () => unknown): SentAnswer {
  try {
    return { ok: true, value: work() };
  } catch (error) {
    return { ok: false, error: sentError(error) };
  }
}

function sentAnswer(answer: WriteAnswer): SentAnswer {
  return answer.ok ? answer : { ok: false, error: sentError(answer.error) };
}

function notOpen(): SentAnswer {
  return { ok: false, error: { message: 'the store is not open' } };
}

function reply(message: WorkerReply): void {
  port?.postMessage(message);
}
