import { message } from '../../wording/message.ts';
import type { DocumentNode } from '../document.ts';
import type { RunConcurrency } from '../model.ts';
import { expressionsOf, type Template } from '../template.ts';
import type { ExpressionPlace, Root } from './expression-scope.ts';
import type { MapReader, NamedEntry } from './map-reader.ts';
import { circlesOf, orderOf, type Dependency } from './step-graph.ts';
import type { TemplateReader } from './template-reader.ts';

/** Runs of one key that may be under way at the same time. */
const maxRuns = 10_000;

/** What is there when a run begins: no step has run. */
const atStart: readonly Root[] = ['inputs', 'trigger', 'vars', 'run', 'env'];

function outsideOfSteps(roots: readonly Root[]): ExpressionPlace {
  return { step: '', section: 'steps', item: undefined, whyNoItem: message("only a step with 'foreach' has items"), secrets: false, roots };
}

/** Where the values of `vars` stand. */
export const varsPlace = outsideOfSteps(atStart);

/** A value or an output that a workflow names. */
export interface NamedTemplate {
  readonly node: DocumentNode;
  readonly template: Template;
}

const namedShape = { what: 'a value', keys: [] } as const;

/** The entries of `vars`: read before anything that may name one of them. */
export function varEntries(root: MapReader): readonly NamedEntry[] {
  return root.named('vars', 'values', 'field', namedShape);
}

/** Whether the names of `vars` can't be told: it is not a map, or it is missing beside an unknown key that could be it. */
export function areVarsUncertain(root: MapReader): boolean {
  const entry = root.entry('vars');
  return entry === undefined ? root.isUncertain('vars') : entry.value.kind !== 'map' && !(entry.value.kind === 'scalar' && entry.value.value === null);
}

/** The values of `vars`, each behind those that it is made of. */
export function readVars(entries: readonly NamedEntry[], templates: TemplateReader): ReadonlyMap<string, NamedTemplate> {
  const read = new Map<string, NamedTemplate>();
  const dependencies = new Map<string, readonly Dependency[]>();
  for (const { key, keyRange, value } of entries) {
    const template = templates.template(value, varsPlace);
    read.set(key, { node: value, template });
    dependencies.set(key, [...varsIn(template)].map((on) => ({ on, range: keyRange })));
  }
  for (const { list, range } of circlesOf(dependencies)) {
    templates.report.error('cycle', range, message('These values are made of each other in a circle: {list}. Take one of these references out.', { list }));
  }
  return new Map(orderOf(dependencies).flatMap((name) => { const value = read.get(name); return value === undefined ? [] : [[name, value] as const]; }));
}

/** Where the values of `outputs` stand. */
export const outputsPlace = outsideOfSteps([...atStart, 'steps']);

/** `outputs`: what a run gives to those who wait for it. */
export function readOutputs(root: MapReader, templates: TemplateReader): ReadonlyMap<string, NamedTemplate> {
  return new Map(root.named('outputs', 'outputs', 'field', namedShape).map(({ key, value }) => [key, { node: value, template: templates.template(value, outputsPlace) }]));
}

/** `concurrency`: how many runs of the workflow may be under way at the same time, of those with the same key. */
export function readRunConcurrency(root: MapReader, templates: TemplateReader): RunConcurrency | undefined {
  const reader = root.map('concurrency', { what: "'concurrency'", keys: ['key', 'limit', 'when-full'] });
  if (reader === undefined) return undefined;
  const key = reader.entry('key');
  const limit = reader.integer('limit', 1, maxRuns) ?? 1;
  const whenFull = reader.choice('when-full', ['queue', 'skip', 'cancel-oldest']) ?? 'queue';
  if (key !== undefined && key.value.kind !== 'scalar') {
    reader.report.error('wrong-type', reader.place('key'), message("'key' is a text such as {code}: runs for which it is the same count together.", { code: '${{ inputs.customer }}' }));
    return undefined;
  }
  return { ...(key === undefined ? {} : { key: templates.template(key.value, varsPlace) }), limit, whenFull };
}

function varsIn(template: Template): ReadonlySet<string> {
  return new Set(expressionsOf(template).flatMap(({ references }) => references.flatMap(({ path: [root, name] }) => (root === 'vars' && name !== undefined ? [name] : []))));
}
