import type { WaitsFor } from '../protocol/job.ts';
import { message, type Message } from './message.ts';

/** What a job that has left its place in the queue waits for: `waits for the answer 'approve'`. */
export function waitMessage({ kind, signal = '', run = '' }: WaitsFor): Message {
  switch (kind) {
    case 'time':
      return message('waits for a time');
    case 'signal':
      return message("waits for the answer '{signal}'", { signal });
    case 'run':
      return message('waits for the run {run}', { run });
  }
}
