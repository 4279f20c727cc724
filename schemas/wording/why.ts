import { jobStates, runStates, stepStates, type JobState, type RunState, type StepState } from '../protocol/id.ts';
import { maxCountedAhead, type JobSpan, type WaitCause, type Why } from '../protocol/why.ts';
import { formatDuration, rateMessage } from './amount.ts';
import { message, verbatim, type Message } from './message.ts';
import { holdMessage, lackMessage } from './queue.ts';
import { exactRate, type Rate } from '../workflow/rate.ts';
import { stateMessage } from './state.ts';

/** How each side shows what a cause names. */
export interface WhyTold {
  /** A time, in the reader's zone: `14:02 (in 5m)`. */
  readonly time: (time: string) => string;
  /** Text that came from outside, such as an answer. */
  readonly outside: (text: string) => string;
}

/** What a cause says, in a whole sentence. */
export function causeMessage(cause: WaitCause, told: WhyTold): Message {
  const { queue = '', run = '', step = '', name = '', count = 0, until } = cause;
  const time = until === undefined ? undefined : told.time(until);
  switch (cause.kind) {
    case 'store':
      return message("Nothing can be claimed: the store can't be written since {time}. {problem}", { time: cause.since === undefined ? '' : told.time(cause.since), problem: told.outside(cause.problem ?? '') });
    case 'stopping':
      return message('The daemon starts or stops just now.');
    case 'moving':
      return message('Jobs are being moved into {queue} or out of it just now.', { queue });
    case 'machine':
      return message('This machine makes as many attempts at the same time as it may, over all queues.');
    case 'paused':
      return message('{queue} is paused.', { queue });
    case 'held':
      return time === undefined
        ? message('{queue} is held back. {reason}', { queue, reason: holdMessage(cause.heldBy, told.outside) })
        : message('{queue} is held back until {time}. {reason}', { queue, time, reason: holdMessage(cause.heldBy, told.outside) });
    case 'lacking':
      return cause.lack === undefined ? message("This daemon can't start it.") : message("This daemon can't start it. {lack}", { lack: lackMessage(cause.lack) });
    case 'concurrency':
      return message('{limit, plural, =1 {{queue} makes one attempt at a time, and one is under way.} other {{queue} makes # attempts at the same time, and as many are under way.}}', { queue, limit: cause.limit ?? 0 });
    case 'rate':
      return rateCause(cause, time);
    case 'connection':
      return connectionCause(cause, time);
    case 'failing':
      return message('All attempts of {queue} are failing.', { queue });
    case 'full':
      return message('{queue} is full (`max-depth` {limit}): more jobs are made as it empties.', { queue, limit: cause.limit ?? 0 });
    case 'empty':
      return message('No job waits in {queue}.', { queue });
    case 'free':
      return message('Nothing is in the way of {queue}: its jobs start one after the other.', { queue });
    case 'ahead':
      return aheadMessage(count, time);
    case 'next':
      return message('Nothing is in its way: it starts at once.');
    case 'retry':
      return retryMessage(cause, time, told);
    case 'spread':
      return message('It was replayed with a rate, and its turn is at {time}.', { time: time ?? '' });
    case 'time':
      return time === undefined ? message('It waits for a time.') : message('It waits until {time}.', { time });
    case 'signal':
      return time === undefined ? message("It waits for the answer '{name}' to {run}.", { name, run }) : message("It waits for the answer '{name}' to {run}, until {time}.", { name, run, time });
    case 'child':
      return message('It waits for the run {run} to end.', { run });
    case 'active':
      return activeMessage(cause, told);
    case 'dead':
      return deadMessage(cause, told);
    case 'ended':
      return name === '' ? message('It has ended.') : message('It has ended: it is {state}.', { state: shownState(name) });
    case 'gate':
      return message('{count, plural, =1 {One run of the same workflow with the same `concurrency` key has to end first: {run}.} other {# runs of the same workflow with the same `concurrency` key have to end first, {run} among them.}}', { count, run });
    case 'held-items':
      return message('{count, plural, one {Only the first # item of each `foreach` was started; the others wait for you.} other {Only the first # items of each `foreach` were started; the others wait for you.}}', { count });
    case 'making':
      return message('The jobs of the step {step} are still being made.', { step });
    case 'needs':
      return name === '' ? message('The step {step} is about to start.', { step }) : message('The step {step} waits for {steps} to end.', { step, steps: name });
    case 'schedule-paused':
      return message('The schedule {name} is paused.', { name });
    case 'due':
      return message('It is due next at {time}.', { time: time ?? '' });
    case 'missed': {
      const missed = message('{count, plural, one {# time was missed.} other {# times were missed.}}', { count });
      return cause.problem === undefined ? missed : message('{missed} The last one: {problem}', { missed, problem: told.outside(cause.problem) });
    }
    case 'problem':
      return verbatim(told.outside(cause.problem ?? ''));
    case 'refused':
      return cause.problem === undefined ? message('It started nothing: it is {outcome}.', { outcome: name }) : message('It started nothing: {problem}', { problem: told.outside(cause.problem) });
  }
}

function rateCause({ queue = '', rate }: WaitCause, time: string | undefined): Message {
  const told = { queue, rate: rate === undefined ? '' : rateMessage(rate) };
  return time === undefined ? message('The rate of {queue} ({rate}) is used up.', told) : message('The rate of {queue} ({rate}) is used up: the next attempt starts at {time}.', { ...told, time });
}

function connectionCause({ name = '', rate, limit = 1 }: WaitCause, time: string | undefined): Message {
  if (rate === undefined) return message('{limit, plural, =1 {The connection {name} takes one attempt at a time, over all queues, and one is under way.} other {The connection {name} takes # attempts at the same time, over all queues, and as many are under way.}}', { name, limit });
  const told = { name, rate: rateMessage(rate) };
  return time === undefined ? message('The rate of the connection {name} ({rate}, over all queues) is used up.', told) : message('The rate of the connection {name} ({rate}, over all queues) is used up: the next attempt starts at {time}.', { ...told, time });
}

function aheadMessage(count: number, time: string | undefined): Message {
  if (count >= maxCountedAhead) {
    return time === undefined ? message('More than {count} jobs come before it.', { count }) : message('More than {count} jobs come before it; it starts after {time}, as things go now.', { count, time });
  }
  return time === undefined
    ? message('{count, plural, one {# job comes before it.} other {# jobs come before it.}}', { count })
    : message('{count, plural, one {# job comes before it; it starts at about {time}, as things go now.} other {# jobs come before it; it starts at about {time}, as things go now.}}', { count, time });
}

function retryMessage({ count = 0, error }: WaitCause, time: string | undefined, told: WhyTold): Message {
  const when = { time: time ?? '' };
  if (count === 0) return message('It is not due before {time}.', when);
  const failure = error === undefined ? message('an attempt did not succeed') : verbatim(told.outside(error.cause));
  return message('It is tried again at {time}, after attempt {count}: {failure}.', { ...when, count, failure });
}

function activeMessage({ count = 1, since, job = '' }: WaitCause, told: WhyTold): Message {
  if (count > 1) return message('{count} attempts are under way.', { count });
  return since === undefined ? message('An attempt of {job} is under way.', { job }) : message('An attempt of {job} is under way since {time}.', { job, time: told.time(since) });
}

function deadMessage({ count = 1, job, error }: WaitCause, told: WhyTold): Message {
  if (job === undefined) return message('{count, plural, one {# dead letter waits for a person to fix, replay or discard it.} other {# dead letters wait for a person to fix, replay or discard them.}}', { count });
  const end = error === undefined ? undefined : told.outside(error.message);
  return end === undefined
    ? message('{job} is a dead letter: nothing tries it again until a person replays it.', { job })
    : message('{job} is a dead letter: nothing tries it again until a person replays it. Its last attempt failed: {end}', { job, end });
}

const states: readonly string[] = [...jobStates, ...stepStates, ...runStates];

function isState(state: string): state is JobState | StepState | RunState {
  return states.includes(state);
}

function shownState(state: string): Message {
  return isState(state) ? stateMessage(state) : verbatim(state);
}

/** The command that would let it go on now; undefined if none would. */
export function changeCommand(cause: WaitCause): string | undefined {
  const { queue = '', job, run = '', name = '', lack } = cause;
  switch (cause.kind) {
    case 'paused':
    case 'held':
      return `sluice resume ${queue}`;
    case 'lacking':
      return lack?.kind === 'secret' && lack.problem === undefined ? `sluice secrets set ${lack.name}` : undefined;
    case 'concurrency':
      return `sluice set ${queue} --concurrency ${(cause.limit ?? 1) * 2}`;
    case 'rate':
      // Twice as fast: whether the other side takes that, a person knows.
      return cause.rate === undefined ? undefined : `sluice set ${queue} --rate ${fasterRates(cause.rate, cause.rates)}`;
    case 'retry':
    case 'spread':
      return job === undefined ? `sluice retry --all --queue ${queue}` : `sluice retry ${job}`;
    case 'time':
      return job === undefined ? undefined : `sluice retry ${job}`;
    case 'signal':
      return `sluice signal ${run} ${name}`;
    case 'dead':
      return job === undefined ? `sluice dead replay --all --run ${run}` : `sluice dead replay ${job}`;
    case 'gate':
      return run === '' ? undefined : `sluice cancel ${run}`;
    case 'held-items':
      return `sluice continue ${run}`;
    case 'schedule-paused':
      return `sluice schedules resume ${name}`;
    case 'failing':
      return `sluice jobs --queue ${queue}`;
    default:
      return undefined;
  }
}

/** `waited 3m`, `attempt 1: 503 Service Unavailable, 2s`: one part of a job's time, as a label. */
export function spanMessage({ kind, from, to, attempt = 0, cause }: JobSpan, told: Pick<WhyTold, 'outside'>): Message {
  const duration = formatDuration(Date.parse(to) - Date.parse(from));
  switch (kind) {
    case 'waited':
      return message('waited {duration} before its first attempt', { duration });
    case 'retry':
      return message('waited {duration} for the next attempt', { duration });
    case 'dead':
      return message('lay {duration} as a dead letter', { duration });
    case 'attempt':
      return cause === undefined ? message('attempt {attempt} took {duration}', { attempt, duration }) : message('attempt {attempt} took {duration}: {cause}', { attempt, duration, cause: told.outside(cause) });
  }
}

/** What is explained: `j12 is pending.` */
export function whyTitle({ id, kind, state }: Why): Message {
  if (kind === 'queue' && state === 'waiting') return message('Jobs wait in {id}.', { id });
  return message('{id} is {state}.', { id, state: shownState(state) });
}

/** As a command takes it: the one that is in the way twice as high, the others as they are. */
function fasterRates(rate: Rate, rates: readonly Rate[] = [rate]): string {
  return rates.map((one) => exactRate(one.perMs === rate.perMs ? { ...one, limit: one.limit * 2 } : one)).join(',');
}
