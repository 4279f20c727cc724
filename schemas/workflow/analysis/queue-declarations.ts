import type { Diagnostic } from '../diagnostic.ts';
import type { QueueDefinition } from '../model.ts';
import { isWithoutEffect, maxRates, type Rate, type RateLimit, ratesOf } from '../rate.ts';
import { filesOf, type AnalysedFileOf, type AnalysedFiles } from './analyse-files.ts';
import type { DeclaredQueue } from './queue-analysis.ts';

export type QueuePlace = AnalysedFileOf<'queues'> | AnalysedFileOf<'workflow'>;

/** A queue that files declare, but not so that the declaration can be relied on. */
export interface DoubtfulQueue {
  /** `twice`: in more than one file. `broken`: in one that has errors. */
  readonly reason: 'twice' | 'broken';
  readonly files: readonly string[];
  /** The strictest of what they say: for a queue of which nothing better is known. */
  readonly strictest: QueueDefinition;
}

/** What the files of a project say of its queues, and how far that can be relied on. */
export interface QueueDeclarations {
  /** Declared once, in a file without errors: these limits hold. */
  readonly valid: ReadonlyMap<string, { readonly definition: QueueDefinition; readonly file: string }>;
  readonly doubtful: ReadonlyMap<string, DoubtfulQueue>;
  /** Files that may declare any queue: nobody can tell what is in them. */
  readonly unread: readonly string[];
}

/** `diagnostics`: of the files together, as a second declaration is found out only there. */
export function queueDeclarations(files: AnalysedFiles, diagnostics: ReadonlyMap<string, readonly Diagnostic[]>): QueueDeclarations {
  const [queuesFile] = filesOf(files, 'queues');
  const places: readonly QueuePlace[] = [...(queuesFile === undefined ? [] : [queuesFile]), ...filesOf(files, 'workflow')];
  const hasError = (path: string): boolean => (diagnostics.get(path) ?? []).some(({ severity }) => severity === 'error');
  const byName = new Map<string, { readonly file: string; readonly definition: QueueDefinition; readonly isEmpty: boolean }[]>();
  for (const place of places) {
    for (const [name, { definition, isEmpty }] of declaredIn(place)) byName.set(name, [...(byName.get(name) ?? []), { file: place.file.path, definition, isEmpty }]);
  }
  const valid = new Map<string, { readonly definition: QueueDefinition; readonly file: string }>();
  const doubtful = new Map<string, DoubtfulQueue>();
  for (const [name, declared] of byName) {
    const [only, second] = declared;
    if (only !== undefined && second === undefined && !only.isEmpty && !hasError(only.file)) valid.set(name, only);
    else doubtful.set(name, { reason: second === undefined ? 'broken' : 'twice', files: declared.map(({ file }) => file), strictest: strictestOf(name, declared.map(({ definition }) => definition)) });
  }
  return { valid, doubtful, unread: places.filter(isUnread).map(({ file }) => file.path) };
}

/** The queues that a file declares, by name, even with errors in it. */
export function declaredIn(place: QueuePlace): ReadonlyMap<string, DeclaredQueue> {
  return place.kind === 'queues' ? place.analysis.declared : place.analysis.queues;
}

function isUnread({ file, analysis }: QueuePlace): boolean {
  return file.problem !== undefined || analysis.document.diagnostics.some(({ severity }) => severity === 'error');
}

/** Whatever protects the other side comes from the declaration that protects it most. */
function strictestOf(name: string, definitions: readonly QueueDefinition[]): QueueDefinition {
  const [first] = definitions;
  const rate = strictestRate(definitions.flatMap((one) => ratesOf(one.rate)));
  const least = (values: readonly (number | undefined)[]): number | undefined => {
    const known = values.filter((value) => value !== undefined);
    return known.length === 0 ? undefined : Math.min(...known);
  };
  const concurrency = least(definitions.map((one) => one.concurrency));
  const maxDepth = least(definitions.map((one) => one.maxDepth));
  return {
    ...first,
    name,
    ...(rate === undefined ? {} : { rate }),
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(maxDepth === undefined ? {} : { maxDepth }),
  };
}

/** All of them hold, but for those that others leave without effect; the slowest first. */
function strictestRate(rates: readonly Rate[]): RateLimit | undefined {
  const strict: Rate[] = [];
  for (const rate of [...rates].sort((one, other) => one.limit / one.perMs - other.limit / other.perMs || one.burst - other.burst)) {
    if (strict.length < maxRates && strict.every((slower) => !isWithoutEffect(rate, slower) && rate.perMs !== slower.perMs)) strict.push(rate);
  }
  const [only, ...others] = strict;
  return others.length === 0 ? only : strict;
}
