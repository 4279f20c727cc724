import type { JobState, RunState, StepState } from '../../schemas/protocol/state.ts';

/** One move of a state machine, by the event that causes it. */
interface Move<State extends string> {
  readonly from: State;
  readonly to: State;
}

/**
 * The three state machines of the engine, as data. Every change of state in a store goes through `next`; the diagrams in
 * `docs/architecture.md` are drawn from these tables.
 *
 * Architecture invariant: no other place decides which state follows which.
 */
export const jobMachine = {
  due: [{ from: 'delayed', to: 'pending' }],
  /** One of many that go out one by one, while its queue was stopped. */
  defer: [{ from: 'pending', to: 'delayed' }],
  claim: [{ from: 'pending', to: 'active' }],
  succeed: [{ from: 'active', to: 'succeeded' }],
  retry: [{ from: 'active', to: 'delayed' }],
  interrupt: [{ from: 'active', to: 'pending' }],
  die: [{ from: 'active', to: 'dead' }],
  cancel: [
    { from: 'pending', to: 'cancelled' },
    { from: 'delayed', to: 'cancelled' },
    { from: 'active', to: 'cancelled' },
  ],
  replay: [{ from: 'dead', to: 'pending' }],
  /** One of many, which go out one by one. */
  replay_later: [{ from: 'dead', to: 'delayed' }],
  /** A replay is taken back before an attempt was made. */
  recall: [
    { from: 'pending', to: 'dead' },
    { from: 'delayed', to: 'dead' },
  ],
  /** A replayed sibling succeeded: what was cancelled because of it goes on. */
  reopen: [{ from: 'cancelled', to: 'pending' }],
  discard: [{ from: 'dead', to: 'discarded' }],
} as const satisfies Record<string, readonly Move<JobState>[]>;

export const stepMachine = {
  start: [{ from: 'waiting', to: 'running' }],
  succeed: [{ from: 'running', to: 'succeeded' }],
  fail: [
    { from: 'running', to: 'failed' },
    { from: 'waiting', to: 'failed' },
  ],
  skip: [{ from: 'waiting', to: 'skipped' }],
  cancel: [
    { from: 'waiting', to: 'cancelled' },
    { from: 'running', to: 'cancelled' },
  ],
  /** A replay succeeded: the failed step goes on, and what was skipped because of it waits again. */
  reopen: [
    { from: 'failed', to: 'running' },
    { from: 'skipped', to: 'waiting' },
  ],
} as const satisfies Record<string, readonly Move<StepState>[]>;

export const runMachine = {
  succeed: [{ from: 'running', to: 'succeeded' }],
  fail: [{ from: 'running', to: 'failed' }],
  cancel: [{ from: 'running', to: 'cancelled' }],
  reopen: [{ from: 'failed', to: 'running' }],
} as const satisfies Record<string, readonly Move<RunState>[]>;

export type JobEvent = keyof typeof jobMachine;
export type StepEvent = keyof typeof stepMachine;
export type RunEvent = keyof typeof runMachine;

/** The state that follows, or undefined where the machine has no such move. */
export function nextJobState(state: JobState, event: JobEvent): JobState | undefined {
  return follow<JobState>(jobMachine[event], state);
}

export function nextStepState(state: StepState, event: StepEvent): StepState | undefined {
  return follow<StepState>(stepMachine[event], state);
}

export function nextRunState(state: RunState, event: RunEvent): RunState | undefined {
  return follow<RunState>(runMachine[event], state);
}

function follow<State extends string>(moves: readonly Move<State>[], state: State): State | undefined {
  return moves.find((move) => move.from === state)?.to;
}
