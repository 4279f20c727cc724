import type { AnalysedStep } from '../../workflow/analysis/step-analysis.ts';
import type { SourceRange } from '../../workflow/diagnostic.ts';
import type { DocumentNode, MapEntry } from '../../workflow/document.ts';
import type { QueueDefinition, Workflow } from '../../workflow/model.ts';
import type { Message } from '../../wording/message.ts';
import type { AdviceCode, AdviceKind } from './advice-code.ts';

/** One piece of advice about a place of a file. */
export interface Advice {
  readonly code: AdviceCode;
  readonly severity: AdviceKind['severity'];
  /** What will happen and what would be better, in one or two plain sentences. */
  readonly message: Message;
  readonly range: SourceRange;
  /** `unnecessary`: what stands there does nothing; an editor fades it. */
  readonly tags?: readonly 'unnecessary'[];
}

/** A workflow file. What has errors is looked at as far as it could be made out. */
export interface AdvisedWorkflow {
  readonly path: string;
  readonly text: string;
  readonly root: DocumentNode | undefined;
  /** Undefined where the file has errors: then only what is certain is said. */
  readonly workflow: Workflow | undefined;
  readonly steps: ReadonlyMap<string, AnalysedStep>;
}

export interface AdvisedQueue {
  readonly path: string;
  readonly definition: QueueDefinition;
  /** Its name and its map. */
  readonly entry: MapEntry;
}

export interface AdvisedConnection {
  readonly path: string;
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
export type Adviser = (project: AdvisedProject, say: Say) => void;
