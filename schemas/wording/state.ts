import type { BulkState } from '../protocol/bulk.ts';
import type { AttemptState, JobState, RunState, StepState } from '../protocol/id.ts';
import { message, type Message } from './message.ts';
import type { WaitsFor } from '../protocol/job.ts';

type State = JobState | StepState | RunState | AttemptState;

/** A state within a list: `dead`. The command shows the ids of states in its tables, because these are what `--state` takes. */
export function stateMessage(state: State): Message {
  switch (state) {
    case 'pending':
      return message('pending');
    case 'waiting':
      return message('waiting');
    case 'delayed':
      return message('delayed');
    case 'throttled':
      return message('throttled');
    case 'active':
      return message('active');
    case 'running':
      return message('running');
    case 'succeeded':
      return message('succeeded');
    case 'dead':
      return message('dead');
    case 'failed':
      return message('failed');
    case 'interrupted':
      return message('interrupted');
    case 'cancelled':
      return message('cancelled');
    case 'discarded':
      return message('discarded');
    case 'skipped':
      return message('skipped');
  }
}

/** Of bulk work. `preparing`: its jobs are still being selected. */
export function bulkStateMessage(state: BulkState | 'preparing'): Message {
  switch (state) {
    case 'preparing':
      return message('being prepared');
    case 'running':
      return message('running');
    case 'held':
      return message('held');
    case 'taking-back':
      return message('being taken back');
    case 'done':
      return message('done');
    case 'cancelled':
      return message('cancelled');
    case 'failed':
      return message('failed');
  }
}

/** A state of anything but bulk work on its own, as a title: `Dead`. */
export function stateTitleMessage(state: State): Message {
  switch (state) {
    case 'pending':
      return message('Pending');
    case 'waiting':
      return message('Waiting');
    case 'delayed':
      return message('Delayed');
    case 'throttled':
      return message('Throttled');
    case 'active':
      return message('Active');
    case 'running':
      return message('Running');
    case 'succeeded':
      return message('Succeeded');
    case 'dead':
      return message('Dead');
    case 'failed':
      return message('Failed');
    case 'interrupted':
      return message('Interrupted');
    case 'cancelled':
      return message('Cancelled');
    case 'discarded':
      return message('Discarded');
    case 'skipped':
      return message('Skipped');
  }
}

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
