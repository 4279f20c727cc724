/** Draws the state machines of `daemon/core/state-machine.ts` into `docs/architecture.md`, between the markers that bear their names. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { replaceGenerated } from '../daemon/cli/command-reference.ts';
import { cancelCauseMachine, cancelCauseStates, cancelRequestMachine, cancelRequestStates, cascadeMachine, cascadeStates, gateMachine, gateStates, jobMachine, jobStandings, onFailureMachine, onFailureStates, runMachine, stepMachine } from '../daemon/core/state-machine.ts';
import { runStates, stepStates } from '../schemas/protocol/id.ts';

export const architectureFile = path.resolve(import.meta.dirname, '../docs/architecture.md');

interface Machine {
  readonly states: readonly string[];
  readonly moves: Readonly<Record<string, readonly { readonly from: string; readonly to: string }[]>>;
  /** Where it begins, and when. */
  readonly begins: Readonly<Record<string, string>>;
}

const machines: Readonly<Record<string, Machine>> = {
  'job states': { states: jobStandings, moves: jobMachine, begins: { pending: 'made', dead: 'made, but its payload could not be rendered' } },
  'step states': { states: stepStates, moves: stepMachine, begins: { waiting: 'its run is made' } },
  'run states': { states: runStates, moves: runMachine, begins: { running: 'accepted' } },
  'step cascades': { states: cascadeStates, moves: cascadeMachine, begins: { none: 'its run is made' } },
  'causes to cancel a job': { states: cancelCauseStates, moves: cancelCauseMachine, begins: { none: 'made' } },
  'on-failure states': { states: onFailureStates, moves: onFailureMachine, begins: { waiting: 'its run is accepted' } },
  'requests to cancel a run': { states: cancelRequestStates, moves: cancelRequestMachine, begins: { none: 'accepted' } },
  'gates of runs': { states: gateStates, moves: gateMachine, begins: { none: 'accepted' } },
};

/** The page with its diagrams drawn again. */
export function withDiagrams(page: string): string {
  return Object.entries(machines).reduce((text, [name, machine]) => replaceGenerated(text, name, stateDiagram(machine)), page);
}

/** A `stateDiagram-v2` of Mermaid; a state that nothing leaves leads to the end. */
export function stateDiagram({ states, moves, begins }: Machine): string {
  const events = new Map<string, string[]>();
  for (const [event, list] of Object.entries(moves)) {
    for (const { from, to } of list) {
      const arrow = `${from} --> ${to}`;
      events.set(arrow, [...(events.get(arrow) ?? []), event]);
    }
  }
  const left = new Set(Object.values(moves).flatMap((list) => list.map(({ from }) => from)));
  const lines = [
    'stateDiagram-v2',
    ...Object.entries(begins).map(([state, when]) => `  [*] --> ${state} : ${when}`),
    ...[...events].map(([arrow, names]) => `  ${arrow} : ${names.join(', ')}`),
    ...states.filter((state) => !left.has(state)).map((state) => `  ${state} --> [*]`),
  ];
  return ['```mermaid', ...lines, '```'].join('\n');
}

if (process.argv[1] === import.meta.filename) writeFileSync(architectureFile, withDiagrams(readFileSync(architectureFile, 'utf8')));
