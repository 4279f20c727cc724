import type { SourceRange } from '../../../schemas/workflow/diagnostic.ts';
import type { RunDetail } from '../../../schemas/protocol/run.ts';
import type { QueueView } from '../../../schemas/protocol/queue.ts';
import { commands, type CommandId } from '../../base/ids.ts';
import type { Target } from '../../base/target.ts';
import { queueLens } from '../../wording/queue.ts';
import { runLens, stepLens } from '../../wording/run.ts';
import { say } from '../../wording/language.ts';
import { entryOf, type Document, type DocumentNode } from '../../../schemas/workflow/document.ts';
import { workflowIdOf } from '../../../schemas/workflow/analysis/analyse-workflow.ts';
import { projectFileKind } from '../../../schemas/workflow/analysis/analyse-project.ts';

/** Of VS Code: opens the list of problems. */
export const showProblems = 'workbench.actions.view.problems';

/** A line above a name, and what a click on it does. */
export interface Lens {
  readonly range: SourceRange;
  readonly title: string;
  readonly command: CommandId | typeof showProblems;
  readonly target: Target;
}

/** What is known of a project just now. */
export interface LensFacts {
  /** The project's folder, as a URI. */
  readonly folder: string;
  /** The workflow file, from the project's folder. */
  readonly file: string;
  readonly queue: (name: string) => QueueView | undefined;
  readonly lastRun: RunDetail | undefined;
  /** Errors in the file as it is in the editor. */
  readonly errors: number;
  readonly nowMs: number;
  /** Writes a time of the day. */
  readonly clock: (ms: number) => string;
}

/** Run and last result at a workflow, how it went at each step, how it is at each queue. Without a daemon only what starts a run. */
export function lensesOf({ workflow, steps, queues, connections }: Places, facts: LensFacts): readonly Lens[] {
  const { folder, file, lastRun, nowMs, clock } = facts;
  const lenses: Lens[] = [];
  if (workflow !== undefined) {
    // What has errors can't be run.
    if (facts.errors > 0) {
      const title = say('{count, plural, one {# error: it can not be run} other {# errors: it can not be run}}', { count: facts.errors });
      lenses.push({ range: workflow.range, title: `$(error) ${title}`, command: showProblems, target: { folder } });
    } else lenses.push({ range: workflow.range, title: `$(play) ${say('Run')}`, command: commands.runWorkflow, target: { folder, workflow: workflow.name, file } });
    if (lastRun !== undefined) {
      lenses.push({ range: workflow.range, title: runLens(lastRun, nowMs), command: commands.openRun, target: { folder, run: lastRun.id } });
    }
  }
  const stepsById = new Map(lastRun?.steps.map((step) => [step.id, step]));
  for (const { name, range } of steps) {
    const step = stepsById.get(name);
    if (lastRun === undefined || step === undefined) continue;
    const target = { folder, run: lastRun.id, step: name };
    const isDead = step.jobs.dead > 0;
    lenses.push({ range, title: stepLens(lastRun.id, step), command: isDead ? commands.openFailure : commands.openRun, target });
  }
  for (const { name, range } of queues) {
    const queue = facts.queue(name);
    if (queue !== undefined) lenses.push({ range, title: queueLens(queue, nowMs, clock), command: commands.showQueue, target: { folder, queue: name } });
  }
  for (const { name, range } of connections) lenses.push({ range, title: `$(plug) ${say('Test')}`, command: commands.testConnection, target: { folder, connection: name } });
  return lenses;
}

export interface NamedPlace {
  readonly name: string;
  /** Of the name alone. */
  readonly range: SourceRange;
}

/** What of a file has something to show while the daemon runs, and where. */
export interface Places {
  readonly workflow?: NamedPlace;
  readonly steps: readonly NamedPlace[];
  readonly queues: readonly NamedPlace[];
  readonly connections: readonly NamedPlace[];
}

/** `path`: from the project's folder, with forward slashes. */
export function placesIn(path: string, { root }: Document): Places {
  const kind = projectFileKind(path);
  const queues = kind === 'workflow' || kind === 'queues' ? namesBelow(root, 'queues') : [];
  const connections = kind === 'connections' ? namesBelow(root, 'connections') : [];
  if (kind !== 'workflow' || root?.kind !== 'map') return { steps: [], queues, connections };
  const first = entryOf(root, 'name') ?? root.entries[0];
  return {
    ...(first === undefined ? {} : { workflow: { name: workflowIdOf(path), range: first.keyRange } }),
    steps: [...namesBelow(root, 'steps'), ...namesBelow(root, 'on-failure')],
    queues,
    connections,
  };
}

function namesBelow(root: DocumentNode | undefined, key: string): readonly NamedPlace[] {
  const map = entryOf(root, key)?.value;
  return map?.kind === 'map' ? map.entries.map((entry) => ({ name: entry.key, range: entry.keyRange })) : [];
}
