import { jobStates, type JobState, type RunState, type StepState } from '../../schemas/protocol/id.ts';

/** One move of a state machine, by the event that causes it. */
interface Move<State extends string> {
  readonly from: State;
  readonly to: State;
}

/**
 * Where a job stands, as it is stored. One that is `waiting` for a time, an answer or a run is shown as `delayed`; but it has no place in its queue, and
 * counts in none of its depths.
 */
export const jobStandings = [...jobStates, 'waiting'] as const;
export type JobStanding = (typeof jobStandings)[number];

/** The word that people see. */
export function shownJobState(standing: JobStanding): JobState {
  return standing === 'waiting' ? 'delayed' : standing;
}

/**
 * The state machines of the engine, as data: what people see of jobs, steps and runs, and what their cancelling and their `on-failure` steps have
 * come to. Every change of state in a store goes through these tables; the diagrams in `docs/architecture.md` are drawn from them.
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
  /** Its attempt has left its place in the queue, and ends when a time has come, an answer, or the end of another run. */
  wait: [{ from: 'active', to: 'waiting' }],
  /** What it waited for has come. */
  end_wait: [{ from: 'waiting', to: 'succeeded' }],
  /** It came too late, or badly. */
  fail_wait: [{ from: 'waiting', to: 'dead' }],
  /** The run that failed it was reopened by a replay: the job waits for it again. */
  wait_again: [{ from: 'dead', to: 'waiting' }],
  die: [{ from: 'active', to: 'dead' }],
  cancel: [
    { from: 'pending', to: 'cancelled' },
    { from: 'delayed', to: 'cancelled' },
    { from: 'active', to: 'cancelled' },
    { from: 'waiting', to: 'cancelled' },
  ],
  replay: [{ from: 'dead', to: 'pending' }],
  /** One of many, which go out one by one. */
  replay_later: [{ from: 'dead', to: 'delayed' }],
  /** A replay is taken back before an attempt was made. */
  recall: [
    { from: 'pending', to: 'dead' },
    { from: 'delayed', to: 'dead' },
  ],
  /** A replayed sibling succeeded: what was cancelled because of it continues. */
  reopen: [{ from: 'cancelled', to: 'pending' }],
  discard: [{ from: 'dead', to: 'discarded' }],
} as const satisfies Record<string, readonly Move<JobStanding>[]>;

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
  /** A replay succeeded: the failed step continues, and what was skipped because of it waits again. */
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

/** What is being done to the jobs of a step, in chunks, because of something that concerns all of them. */
export const cascadeStates = ['none', 'cancelling', 'failing', 'reopening'] as const;
export type CascadeState = (typeof cascadeStates)[number];

export const cascadeMachine = {
  /** A person cancelled the run: all jobs that wait are cancelled, for good. A person outranks the death of a sibling. */
  cancel: [
    { from: 'none', to: 'cancelling' },
    { from: 'failing', to: 'cancelling' },
    { from: 'reopening', to: 'cancelling' },
  ],
  /** The step failed before all of its jobs ended: those that wait are cancelled, until a replay reopens the step. */
  fail: [{ from: 'none', to: 'failing' }],
  /** The step was reopened: the jobs that its failure cancelled wait again. */
  reopen: [
    { from: 'none', to: 'reopening' },
    { from: 'failing', to: 'reopening' },
  ],
  end: [
    { from: 'cancelling', to: 'none' },
    { from: 'failing', to: 'none' },
    { from: 'reopening', to: 'none' },
  ],
} as const satisfies Record<string, readonly Move<CascadeState>[]>;

/** Why a job was cancelled or, while an attempt of it is under way, why no other attempt may follow. */
export const cancelCauseStates = ['none', 'sibling', 'person'] as const;
export type CancelCauseState = (typeof cancelCauseStates)[number];

export const cancelCauseMachine = {
  request: [
    { from: 'none', to: 'person' },
    { from: 'sibling', to: 'person' },
  ],
  sibling_died: [{ from: 'none', to: 'sibling' }],
  /** The step of the sibling was reopened. What a person cancelled stays cancelled. */
  release: [{ from: 'sibling', to: 'none' }],
  /** Its attempt succeeded or made a dead letter of it, so there is nothing left to cancel. */
  clear: [
    { from: 'sibling', to: 'none' },
    { from: 'person', to: 'none' },
  ],
} as const satisfies Record<string, readonly Move<CancelCauseState>[]>;

/** What the `on-failure` steps of a run have come to. The run itself is `failed` meanwhile, or runs again. */
export const onFailureStates = ['waiting', 'running', 'ended'] as const;
export type OnFailureState = (typeof onFailureStates)[number];

export const onFailureMachine = {
  /** The run failed for the first time. */
  start: [{ from: 'waiting', to: 'running' }],
  end: [{ from: 'running', to: 'ended' }],
  /** A replay of one of its jobs succeeded. */
  reopen: [{ from: 'ended', to: 'running' }],
} as const satisfies Record<string, readonly Move<OnFailureState>[]>;

/** Whether a person has asked for a run to be cancelled. */
export const cancelRequestStates = ['none', 'requested'] as const;
export type CancelRequestState = (typeof cancelRequestStates)[number];

export const cancelRequestMachine = {
  request: [{ from: 'none', to: 'requested' }],
  /** Only `on-failure` steps were left to cancel, and they have ended: the failed run can be reopened as any other. */
  fulfil: [{ from: 'requested', to: 'none' }],
} as const satisfies Record<string, readonly Move<CancelRequestState>[]>;

/** Whether a run waits for others with its concurrency key to end. */
export const gateStates = ['none', 'waiting'] as const;
export type GateState = (typeof gateStates)[number];

export const gateMachine = {
  close: [{ from: 'none', to: 'waiting' }],
  open: [{ from: 'waiting', to: 'none' }],
} as const satisfies Record<string, readonly Move<GateState>[]>;

export type JobEvent = keyof typeof jobMachine;
export type StepEvent = keyof typeof stepMachine;
export type RunEvent = keyof typeof runMachine;
export type CascadeEvent = keyof typeof cascadeMachine;
export type CancelCauseEvent = keyof typeof cancelCauseMachine;
export type OnFailureEvent = keyof typeof onFailureMachine;
export type CancelRequestEvent = keyof typeof cancelRequestMachine;
export type GateEvent = keyof typeof gateMachine;

/** The state that follows, or undefined if the machine has no such move. */
export function nextJobState(state: JobStanding, event: JobEvent): JobStanding | undefined {
  return follow<JobStanding>(jobMachine[event], state);
}

export function nextStepState(state: StepState, event: StepEvent): StepState | undefined {
  return follow<StepState>(stepMachine[event], state);
}

export function nextRunState(state: RunState, event: RunEvent): RunState | undefined {
  return follow<RunState>(runMachine[event], state);
}

export function nextCascade(state: CascadeState, event: CascadeEvent): CascadeState | undefined {
  return follow<CascadeState>(cascadeMachine[event], state);
}

export function nextCancelCause(state: CancelCauseState, event: CancelCauseEvent): CancelCauseState | undefined {
  return follow<CancelCauseState>(cancelCauseMachine[event], state);
}

export function nextOnFailure(state: OnFailureState, event: OnFailureEvent): OnFailureState | undefined {
  return follow<OnFailureState>(onFailureMachine[event], state);
}

export function nextCancelRequest(state: CancelRequestState, event: CancelRequestEvent): CancelRequestState | undefined {
  return follow<CancelRequestState>(cancelRequestMachine[event], state);
}

export function nextGate(state: GateState, event: GateEvent): GateState | undefined {
  return follow<GateState>(gateMachine[event], state);
}

function follow<State extends string>(moves: readonly Move<State>[], state: State): State | undefined {
  return moves.find((move) => move.from === state)?.to;
}
