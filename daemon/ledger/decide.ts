import { CodedError } from '../../schemas/protocol/error.ts';
import { factsOfAdvance } from './advance-facts.ts';
import { Book } from './book.ts';
import { advanceBulk, continueBulk, endBulk, forgetBulks, prepareBulk } from './bulk-work.ts';
import type { Call, Operations } from './call.ts';
import { PutOff } from './calls-so-far.ts';
import type { Change, Effects } from './change.ts';
import { cancelJob, cancelRun, cascade } from './cancelling.ts';
import { claim, promote } from './claiming.ts';
import { deliver } from './delivering.ts';
import { dropDraft, saveDraft } from './drafting.ts';
import { describeItems, fanOut, failFanOut } from './fan-out.ts';
import { prune } from './pruning.ts';
import { moveQueue, setQueue } from './queue-orders.ts';
import { discard, recall, replay, retry } from './replaying.ts';
import { advance } from './run-advance.ts';
import { decideSchedule, declareSchedules, setSchedule } from './scheduling.ts';
import { factsOfSettling, recover, settle } from './settling.ts';
import { MissingFact, type Ask, type Snapshot } from './snapshot.ts';
import { continueRun, createRun } from './starting.ts';
import { signal } from './waiting.ts';

export type Answer = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: CodedError };

export interface Decision {
  /** One for each call, in their order; fewer than calls if the next one has to be decided when the changes are written. */
  readonly answers: readonly Answer[];
  readonly changes: readonly Change[];
  readonly effects: Effects;
  /** Write the changes, and ask for the same calls again: their answers are those of the last time. */
  readonly askAgain: boolean;
}

export type Undecided = { readonly missing: readonly Ask[] };

/**
 * Each checks everything before it changes anything, so that one that refuses by a `CodedError` leaves the others of its batch untouched.
 */
const rules: { readonly [Name in keyof Operations]: (book: Book, params: Parameters<Operations[Name]>[0]) => ReturnType<Operations[Name]> } = {
  createRun,
  deliver,
  claim,
  promote,
  settle,
  fanOut,
  describeItems,
  failFanOut,
  cascade,
  continueRun,
  cancelRun,
  cancelJob,
  replay,
  recall,
  saveDraft,
  dropDraft,
  signal,
  retry,
  discard,
  setQueue,
  declareSchedules,
  decideSchedule,
  setSchedule,
  moveQueue,
  prune,
  prepareBulk,
  advanceBulk,
  continueBulk,
  endBulk,
  forgetBulks,
  recover,
  advance,
};

/** Whether the ledger knows the rules of an operation. */
export function isRuled(name: string): name is keyof Operations {
  return Object.hasOwn(rules, name);
}

/**
 * What calls do to runs and jobs, as the snapshot has them: the same calls and the same snapshot give the same decision. Where facts are missing
 * it is undecided, and says which; with these loaded, ask again.
 *
 * Calls that share a decision see the jobs as those before left them. What they choose from, and counts, are those of the snapshot: `stages` says
 * which calls may share one.
 *
 * @throws Error that is a bug, or the work of someone else in the store: nothing of the decision counts
 */
export function decide(calls: readonly Call[], snapshot: Snapshot): Decision | Undecided {
  const named = calls.flatMap((call) => factsNamedBy(call, snapshot));
  if (named.length > 0) return { missing: named };
  const book = new Book(snapshot);
  const answers: Answer[] = [];
  for (const [index, { name, params }] of calls.entries()) {
    book.calls.begin(index > 0 && isStart(name));
    try {
      const rule = rules[name] as (book: Book, params: Call['params']) => unknown;
      answers.push({ ok: true, value: rule(book, params) });
    } catch (error) {
      if (error instanceof PutOff) break;
      if (error instanceof CodedError) answers.push({ ok: false, error });
      // What follows from a missing fact says nothing.
      else if (!(error instanceof MissingFact) && book.missing.length === 0) throw error;
    }
  }
  // An expression takes what a scope throws for a failure of its own, so it isn't the exception that counts.
  if (book.missing.length > 0) return { missing: book.missing };
  return { answers, changes: book.changes, effects: book.effects, askAgain: book.isToBeAskedAgain };
}

/** Facts that a call needs whatever comes of it, asked for together. */
function factsNamedBy({ name, params }: Call, snapshot: Snapshot): readonly Ask[] {
  switch (name) {
    case 'settle':
      return factsOfSettling(params, snapshot);
    case 'advance':
      return factsOfAdvance(params, snapshot);
    default:
      return [];
  }
}

/**
 * The stages of a batch: each is decided when the changes of the one before are written. Outcomes that follow one another share one, since each
 * names its job, and so do starts of runs, which put themselves off where those before them count; whatever chooses, counts, or looks at what belongs to
 * a job has one of its own.
 */
export function stages<One extends { readonly name: string }>(calls: readonly One[]): readonly (readonly One[])[] {
  const found: One[][] = [];
  for (const call of calls) {
    const last = found.at(-1);
    if ((call.name === 'settle' || isStart(call.name)) && last?.[0]?.name === call.name) last.push(call);
    else found.push([call]);
  }
  return found;
}

function isStart(name: string): boolean {
  return name === 'deliver' || name === 'createRun';
}

/**
 * What has to be decided and written before a call, because it chooses from that: what is due by then is pending before a claim, and a replay at a
 * rate that is late has been put off before more of it is sent.
 */
export function preludeOf({ name, params }: Call): Call | undefined {
  return name === 'claim' || name === 'advanceBulk' ? { name: 'promote', params: { now: params.now } } : undefined;
}
