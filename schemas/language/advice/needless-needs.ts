import type { AnalysedStep } from '../../workflow/analysis/step-analysis.ts';
import { entryOf, type DocumentNode } from '../../workflow/document.ts';
import { usesStatusFunction } from '../../workflow/expression.ts';
import type { Adviser } from './advice.ts';

/** A step waits for what it refers to, and for everything that those wait for: naming it once more says nothing. */
export const needlessNeeds: Adviser = ({ workflows }, say) => {
  for (const { path, workflow, steps } of workflows) {
    if (workflow === undefined) continue;
    for (const analysed of steps.values()) {
      for (const { name, node, why } of needlessIn(analysed, steps)) say(path, node.range, `'${name}' is waited for anyway: ${why}.`);
    }
  }
};

interface Needless {
  readonly name: string;
  readonly node: DocumentNode;
  readonly why: string;
}

function needlessIn(analysed: AnalysedStep, steps: ReadonlyMap<string, AnalysedStep>): readonly Needless[] {
  const needs = entryOf(analysed.entry.value, 'needs')?.value;
  if (needs === undefined) return [];
  const items = needs.kind === 'list' ? needs.items : [needs];
  const named = items.flatMap((node) => (node.kind === 'scalar' && typeof node.value === 'string' ? [{ name: node.value, node }] : []));
  const referred = new Set(analysed.sites.flatMap(({ expressions }) => expressions.flatMap(({ expression }) => expression.references.flatMap(({ path }) => (path[0] === 'steps' ? (path[1] ?? []) : [])))));
  return named.flatMap(({ name, node }, index) => {
    if (named.findIndex((other) => other.name === name) < index) return [{ name, node, why: 'it stands here twice' }];
    if (referred.has(name)) return [{ name, node, why: 'an expression of this step refers to it' }];
    const through = analysed.step.needs.find((other) => other !== name && waitsFor(other, name, steps));
    return through === undefined ? [] : [{ name, node, why: `'${through}' waits for it` }];
  });
}

/** Whether `step` runs only when `name` has succeeded. An `if` that asks for the status itself may let it run after a failure. */
function waitsFor(step: string, name: string, steps: ReadonlyMap<string, AnalysedStep>, seen = new Set<string>()): boolean {
  if (seen.has(step)) return false;
  seen.add(step);
  const definition = steps.get(step)?.step;
  if (definition === undefined || (definition.if !== undefined && usesStatusFunction(definition.if))) return false;
  return definition.needs.some((other) => other === name || waitsFor(other, name, steps, seen));
}
