import type { Diagnostic } from '../diagnostic.ts';
import { parseDocument, type Document } from '../document.ts';
import type { QueueDefinition } from '../model.ts';
import { isBroken, openFile } from './file-analysis.ts';
import { readQueues, type DeclaredQueue } from './queue-analysis.ts';

export interface QueuesAnalysis {
  /** Undefined where there is an error. */
  readonly value: ReadonlyMap<string, QueueDefinition> | undefined;
  readonly diagnostics: readonly Diagnostic[];
  /** What the file declares and where, even with errors in it. */
  readonly declared: ReadonlyMap<string, DeclaredQueue>;
  /** Whether those are all: not in a file that can't be read, or where something else stands in their place. */
  readonly areNamesKnown: boolean;
  readonly document: Document;
}

/** Reads `.sluice/queues.yaml`. */
export function analyseQueues(text: string): QueuesAnalysis {
  const document = parseDocument(text);
  const { report, root } = openFile(document, { what: 'the file', keys: ['queues'] }, { mayBeEmpty: true });
  root?.require('queues');
  const declared = root === undefined ? new Map<string, DeclaredQueue>() : readQueues(root);
  const diagnostics = report.conclude(document.root);
  const hasError = diagnostics.some(({ severity }) => severity === 'error');
  const value = hasError ? undefined : new Map([...declared].map(([name, { definition }]) => [name, definition]));
  const areNamesKnown = !isBroken(document) && root?.isUncertain('queues') !== true && root?.hasUnknownKeys !== true;
  return { value, diagnostics, declared, areNamesKnown, document };
}
