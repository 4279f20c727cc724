import type { Message } from '../../wording/message.ts';
import type { AnalysedFile } from '../../workflow/analysis/analyse-files.ts';
import type { AnalysedStep } from '../../workflow/analysis/step-analysis.ts';
import type { TemplateSite } from '../../workflow/analysis/template-reader.ts';
import type { Severity, SourceRange } from '../../workflow/diagnostic.ts';
import type { Connection } from '../../workflow/connections/connection.ts';
import { type DocumentNode, entryOf, type MapEntry } from '../../workflow/document.ts';
import type { QueueDefinition, Workflow } from '../../workflow/model.ts';

/** One piece of advice about a place of a file. */
export interface Advice {
  readonly code: AdviceCode;
  readonly severity: AdviceKind['severity'];
  /** What will happen and what would be better, in one or two plain sentences. */
  readonly message: Message;
  readonly range: SourceRange;
  /** `unnecessary`: what is there does nothing; an editor fades it. */
  readonly tags?: readonly 'unnecessary'[];
}

/** A workflow file. What has errors is looked at as far as it could be made out. */
export interface AdvisedWorkflow {
  readonly path: string;
  readonly text: string;
  readonly root: DocumentNode | undefined;
  /** Undefined if the file has errors: then only what is certain is said. */
  readonly workflow: Workflow | undefined;
  readonly steps: ReadonlyMap<string, AnalysedStep>;
  /** Outside of the steps. */
  readonly sites: readonly TemplateSite[];
}

interface AdvisedQueue {
  readonly path: string;
  readonly definition: QueueDefinition;
  /** Its name and its map. */
  readonly entry: MapEntry;
}

interface AdvisedConnection {
  readonly path: string;
  /** Undefined if its file has errors. */
  readonly limits: Pick<Connection, 'rate' | 'concurrency'> | undefined;
  readonly entry: MapEntry;
}

/** What is known of a queue by watching it. */
export interface LiveQueue {
  /** How long an attempt takes, on average. */
  readonly attemptMs: number;
  /** So many attempts that is the average of. */
  readonly attempts: number;
}

/** The files of a project, and what was measured, where somebody watches. */
export interface AdvisedProject {
  readonly workflows: readonly AdvisedWorkflow[];
  /** By name, wherever they are declared. */
  readonly queues: ReadonlyMap<string, AdvisedQueue>;
  /** By name. */
  readonly connections: ReadonlyMap<string, AdvisedConnection>;
  readonly live?: ReadonlyMap<string, LiveQueue>;
}

/** Says something about a place of a file; the code is that of the adviser. */
export type Say = (path: string, range: SourceRange, message: Message) => void;

/** Looks at a project for one kind of advice. */
export type AdviceRule = (project: AdvisedProject, say: Say) => void;

export interface AdviceKind {
  readonly severity: Exclude<Severity, 'error'>;
  /** What it means, in one sentence. docs/advice.md says more. */
  readonly meaning: string;
  readonly tags?: readonly 'unnecessary'[];
}

/**
 * Every kind of advice: what is written correctly, and yet will probably not do what its author wants. Codes are stable: editors link them
 * to docs/advice.md and people filter by them. Advice is never an error, and never makes `sluice validate` fail.
 */
export const adviceCodes = {
  'rate-out-of-reach': { severity: 'warning', meaning: 'Attempts take so long that the concurrency of a queue can not reach its rate.' },
  'rate-beyond-connection': { severity: 'information', meaning: 'All jobs of a queue use a connection whose rate lets fewer of them start than that of the queue.' },
  'retry-outlasts-schedule': { severity: 'information', meaning: 'A job may still be retried when the schedule starts the next run.' },
  'retry-outlasts-key': { severity: 'information', meaning: 'A job may be retried for longer than receivers usually remember its idempotency key.' },
  'no-dedupe': { severity: 'warning', meaning: 'An item or event that comes twice has its effect twice, because nothing tells them apart.' },
  'no-dead-letter-alert': { severity: 'information', meaning: 'Nobody is told when a job of this queue becomes a dead letter.' },
  'literal-secret': { severity: 'warning', meaning: 'A text looks like a password, key or token, which belongs into a secret.' },
  'needless-needs': { severity: 'information', meaning: '`needs` names a step that is waited for anyway.', tags: ['unnecessary'] },
  'missing-needs': { severity: 'warning', meaning: '`if` asks how earlier steps ended, but the step waits for none.' },
  starving: { severity: 'information', meaning: 'Jobs of a step wait until a whole list of a greater priority has gone through the same queue.' },
  'escaped-expression': { severity: 'warning', meaning: '`$${{` sends an expression as it is written, and what is in it has a value here.' },
  'other-braces': { severity: 'warning', meaning: '`{{ }}`, `${ }` or `%{ }` is sent as it is written, and what is in it has a value here.' },
  'columns-by-chance': { severity: 'information', meaning: 'The columns of a CSV that a `foreach` writes are those of the job that comes first.' },
  unused: { severity: 'information', meaning: 'An input, a value, a queue or a connection is declared, and nothing uses it.', tags: ['unnecessary'] },
} as const satisfies Readonly<Record<string, AdviceKind>>;

export type AdviceCode = keyof typeof adviceCodes;

/** A project's files as advice sees them. `live`: what was measured, by queue. */
export function advisedProject(files: Iterable<AnalysedFile>, live?: ReadonlyMap<string, LiveQueue>): AdvisedProject {
  const workflows: AdvisedWorkflow[] = [];
  const queues = new Map<string, AdvisedQueue>();
  const connections = new Map<string, AdvisedConnection>();
  for (const one of files) {
    const { path, text } = one.file;
    if (one.kind === 'workflow') {
      const { workflow, steps, sites, document } = one.analysis;
      workflows.push({ path, text, root: document.root, workflow, steps, sites });
      addQueues(queues, path, document.root, Object.values(workflow?.queues ?? {}));
    } else if (one.kind === 'queues') {
      addQueues(queues, path, one.analysis.document.root, one.analysis.value?.values() ?? []);
    } else if (one.kind === 'connections') {
      const declared = entryOf(one.analysis.document.root, 'connections')?.value;
      for (const entry of declared?.kind === 'map' ? declared.entries : []) connections.set(entry.key, { path, entry, limits: one.analysis.value?.get(entry.key) });
    }
  }
  return { workflows, queues, connections, ...(live === undefined ? {} : { live }) };
}

/** A queue that is declared twice is an error elsewhere; the first counts. */
function addQueues(queues: Map<string, AdvisedQueue>, path: string, root: DocumentNode | undefined, definitions: Iterable<QueueDefinition>): void {
  const declared = entryOf(root, 'queues')?.value;
  for (const definition of definitions) {
    const entry = entryOf(declared, definition.name);
    if (entry !== undefined && !queues.has(definition.name)) queues.set(definition.name, { path, definition, entry });
  }
}
