import assert from 'node:assert/strict';
import {
  cancelCauseMachine,
  cancelCauseStates,
  cancelRequestMachine,
  cancelRequestStates,
  cascadeMachine,
  cascadeStates,
  jobMachine,
  jobStandings,
  type JobStanding,
  nextCancelCause,
  nextCancelRequest,
  nextCascade,
  nextJobState,
  nextOnFailure,
  nextRunState,
  nextStepState,
  gateMachine,
  gateStates,
  nextGate,
  onFailureMachine,
  onFailureStates,
  runMachine,
  shownJobState,
  stepMachine,
} from '../../../../daemon/core/state-machine.ts';
import { isJobEnded, isRunEnded, isStepEnded, runStates, stepStates } from '../../../../schemas/protocol/id.ts';

/** Every move there is; what isn't listed must not be possible. */
const jobMoves: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  pending: { claim: 'active', defer: 'delayed', cancel: 'cancelled', recall: 'dead' },
  delayed: { due: 'pending', cancel: 'cancelled', recall: 'dead' },
  active: { succeed: 'succeeded', retry: 'delayed', interrupt: 'pending', die: 'dead', wait: 'waiting', cancel: 'cancelled' },
  waiting: { end_wait: 'succeeded', fail_wait: 'dead', cancel: 'cancelled' },
  dead: { replay: 'pending', replay_later: 'delayed', wait_again: 'waiting', discard: 'discarded' },
  cancelled: { reopen: 'pending' },
};
const stepMoves: typeof jobMoves = {
  waiting: { start: 'running', fail: 'failed', skip: 'skipped', cancel: 'cancelled' },
  running: { succeed: 'succeeded', fail: 'failed', cancel: 'cancelled' },
  failed: { reopen: 'running' },
  skipped: { reopen: 'waiting' },
};
const runMoves: typeof jobMoves = {
  running: { succeed: 'succeeded', fail: 'failed', cancel: 'cancelled' },
  failed: { reopen: 'running' },
};
const cascadeMoves: typeof jobMoves = {
  none: { cancel: 'cancelling', fail: 'failing', reopen: 'reopening' },
  cancelling: { end: 'none' },
  failing: { cancel: 'cancelling', reopen: 'reopening', end: 'none' },
  reopening: { cancel: 'cancelling', end: 'none' },
};
const cancelCauseMoves: typeof jobMoves = {
  none: { request: 'person', sibling_died: 'sibling' },
  sibling: { request: 'person', release: 'none', clear: 'none' },
  person: { clear: 'none' },
};
const onFailureMoves: typeof jobMoves = {
  waiting: { start: 'running' },
  running: { end: 'ended' },
  ended: { reopen: 'running' },
};
const cancelRequestMoves: typeof jobMoves = {
  none: { request: 'requested' },
  requested: { fulfil: 'none' },
};
const gateMoves: typeof jobMoves = {
  none: { close: 'waiting' },
  waiting: { open: 'none' },
};

function describeMachine<State extends string, Event extends string>(
  name: string,
  states: readonly State[],
  events: readonly Event[],
  next: (state: State, event: Event) => State | undefined,
  moves: typeof jobMoves,
): void {
  describe(name, () => {
    for (const state of states) {
      for (const event of events) {
        const expected = moves[state]?.[event];
        it(`${state} ${expected === undefined ? "can't" : 'can'} ${event}`, () => assert.equal(next(state, event), expected));
      }
    }
  });
}

const eventsOf = <Machine extends object>(machine: Machine): (keyof Machine & string)[] => Object.keys(machine) as (keyof Machine & string)[];

describeMachine('a job', jobStandings, eventsOf(jobMachine), nextJobState, jobMoves);
describeMachine('a step', stepStates, eventsOf(stepMachine), nextStepState, stepMoves);
describeMachine('a run', runStates, eventsOf(runMachine), nextRunState, runMoves);
describeMachine('the cascade of a step', cascadeStates, eventsOf(cascadeMachine), nextCascade, cascadeMoves);
describeMachine('why a job is cancelled', cancelCauseStates, eventsOf(cancelCauseMachine), nextCancelCause, cancelCauseMoves);
describeMachine('the on-failure steps of a run', onFailureStates, eventsOf(onFailureMachine), nextOnFailure, onFailureMoves);
describeMachine('the request to cancel a run', cancelRequestStates, eventsOf(cancelRequestMachine), nextCancelRequest, cancelRequestMoves);
describeMachine('the gate of a run', gateStates, eventsOf(gateMachine), nextGate, gateMoves);

describe('the end of a state machine', () => {
  it('is left by a replay only', () => {
    const leaving = (moves: typeof jobMoves, ended: (state: never) => boolean): string[] =>
      Object.entries(moves).flatMap(([state, events]) => (ended(state as never) ? Object.keys(events) : []));
    assert.deepEqual(leaving(jobMoves, (state: JobStanding) => isJobEnded(shownJobState(state))), ['replay', 'replay_later', 'wait_again', 'discard', 'reopen']);
    assert.deepEqual(leaving(stepMoves, isStepEnded), ['reopen', 'reopen']);
    assert.deepEqual(leaving(runMoves, isRunEnded), ['reopen']);
  });
});
