import { CodedError } from '../../schemas/protocol/error.ts';
import { formatRunId } from '../../schemas/protocol/id.ts';
import { message } from '../../schemas/wording/message.ts';
import type { RunConcurrency } from '../../schemas/workflow/model.ts';
import type { Book, NewRun } from './book.ts';
import { cancelRun } from './cancelling.ts';

/** Runs that wait are looked at in such portions; more of them begin when another one ends. */
const portion = 100;

/** Runs that are named to a program, at most. */
const maxNamed = 5;

/**
 * Whether a run that is to be made has to wait for others with its key, as `concurrency` of its workflow says. Cancels the oldest ones where that is what it
 * says.
 *
 * @throws CodedError `run-skipped`, before anything has changed
 */
export function mustWait(book: Book, { workflow, key }: RunKey, concurrency: RunConcurrency): boolean {
  const { underWay, waiting } = runsOf(book, { workflow, key });
  const alive = [...underWay, ...waiting].filter(({ cancel_requested: cancelled }) => cancelled === 0).sort((one, other) => one.id - other.id);
  const gate = gateFor({ alive, underWay: underWay.length, waiting: waiting.length }, concurrency);
  if (gate.skips) throw skipped(alive, concurrency.limit);
  const made = new Set(book.newRuns.map(({ id }) => id));
  // What is made in the same decision isn't there yet to be cancelled: it waits its turn.
  for (const { id } of gate.cancels) if (!made.has(id)) cancelRun(book, { runId: id });
  return gate.waits;
}

/** What `concurrency` says to one more run. `alive`: those that have not ended and are not being cancelled, the oldest first. */
export function gateFor<Run>(
  { alive, underWay, waiting }: { readonly alive: readonly Run[]; readonly underWay: number; readonly waiting: number },
  { limit, whenFull }: RunConcurrency,
): { readonly skips: boolean; readonly cancels: readonly Run[]; readonly waits: boolean } {
  return {
    skips: whenFull === 'skip' && alive.length >= limit,
    cancels: whenFull === 'cancel-oldest' ? alive.slice(0, Math.max(0, alive.length + 1 - limit)) : [],
    waits: underWay >= limit || waiting > 0,
  };
}

/** A run has ended, or may never have been under way: those that wait for it begin, the oldest first, as many as their workflow lets. */
export function openGates(book: Book, ended: RunKey): void {
  const { underWay, waiting } = runsOf(book, ended);
  let count = underWay.length;
  for (const run of waiting) {
    if (run.cancel_requested === 1) continue;
    if (count >= (book.workflow(run.version).concurrency?.limit ?? Infinity)) return;
    const [first] = book.fact('run', run.id)?.steps ?? [];
    book.moveGate(run, 'open');
    book.effects.touchRun(run.id);
    if (first !== undefined) book.effects.touchStep(first.id, run.id);
    count++;
  }
}

export interface RunKey {
  readonly workflow: string;
  readonly key: string;
}

/** The runs of a key that have not ended, as the decision so far leaves them. */
function runsOf(book: Book, { workflow, key }: RunKey): { readonly underWay: readonly NewRun[]; readonly waiting: readonly NewRun[] } {
  const name = JSON.stringify([workflow, key]);
  book.ask('runsUnderWay', name);
  book.ask('runsWaiting', name, { limit: portion });
  book.throwIfMissing();
  const made = book.newRuns.filter((run) => run.workflow === workflow && run.concurrency_key === key);
  const runs = [...[...book.fact('runsUnderWay', name), ...book.fact('runsWaiting', name, { limit: portion })].map((run) => book.run(run)), ...made].filter(({ state }) => state === 'running');
  return { underWay: runs.filter(({ gate }) => gate === null), waiting: runs.filter(({ gate }) => gate !== null) };
}

function skipped(runs: readonly Pick<NewRun, 'id'>[], limit: number): CodedError {
  const ids = runs.map(({ id }) => formatRunId(id));
  return new CodedError(
    'run-skipped',
    message(
      '{count, plural, =1 {Nothing was started: {first} is under way, and `concurrency` of the workflow lets {limit} at a time and skips what comes meanwhile.} other {Nothing was started: # runs are under way, {first} the oldest of them, and `concurrency` of the workflow lets {limit} at a time and skips what comes meanwhile.}}',
      { count: ids.length, first: ids[0] ?? '', limit },
    ),
    { runs: ids.slice(0, maxNamed) },
  );
}
