import { message, type Message, sentences } from '../../wording/message.ts';
import type { AnalysedStep } from '../../workflow/analysis/step-analysis.ts';
import { type DocumentNode, entryOf } from '../../workflow/document.ts';
import { usesStatusFunction } from '../../workflow/expression/expression.ts';
import type { AdviceRule } from './advice.ts';

/** `success()`, `failure()` and `cancelled()` look at the steps that are waited for; if there are none, they are decided immediately. */
export const missingNeeds: AdviceRule = ({ workflows }, say) => {
  for (const { path, workflow, steps } of workflows) {
    if (workflow === undefined) continue;
    for (const { step, entry, section } of steps.values()) {
      if (step.if === undefined || step.needs.length > 0 || !usesStatusFunction(step.if) || isAlways(step.if.source)) continue;
      const at = entryOf(entry.value, 'if')?.keyRange ?? entry.keyRange;
      const remedy =
        section === 'on-failure'
          ? message("Steps of 'on-failure' run only when the run has failed, so the condition may not be needed; else name the steps by 'needs'.")
          : message("Name by 'needs' the steps whose end it is about.");
      say(path, at, sentences(message("This step waits for no other, so nothing has succeeded, failed or been cancelled when its 'if' is decided."), remedy));
    }
  }
};

function isAlways(source: string): boolean {
  return /^\s*always\s*\(\s*\)\s*$/.test(source);
}

/** A step waits for what it refers to, and for everything that those wait for: naming it again says nothing. */
export const needlessNeeds: AdviceRule = ({ workflows }, say) => {
  for (const { path, workflow, steps } of workflows) {
    if (workflow === undefined) continue;
    const search = new Search(steps);
    for (const analysed of steps.values()) {
      for (const { node, told } of needlessIn(analysed, search)) say(path, node.range, told);
    }
  }
};

interface Needless {
  readonly name: string;
  readonly node: DocumentNode;
  readonly told: Message;
}

function needlessIn(analysed: AnalysedStep, search: Search): readonly Needless[] {
  const needs = entryOf(analysed.entry.value, 'needs')?.value;
  if (needs === undefined) return [];
  const items = needs.kind === 'list' ? needs.items : [needs];
  const named = items.flatMap((node) => (node.kind === 'scalar' && typeof node.value === 'string' ? [{ name: node.value, node }] : []));
  const referred = new Set(analysed.sites.flatMap(({ expressions }) => expressions.flatMap(({ expression }) => expression.references.flatMap(({ path }) => (path[0] === 'steps' ? (path[1] ?? []) : [])))));
  return named.flatMap(({ name, node }, index) => {
    if (named.findIndex((other) => other.name === name) < index) return [{ name, node, told: message("'{name}' is waited for anyway: it appears here twice.", { name }) }];
    if (referred.has(name)) return [{ name, node, told: message("'{name}' is waited for anyway: an expression of this step refers to it.", { name }) }];
    const through = analysed.step.needs.find((other) => other !== name && search.waitsFor(other, name));
    return through === undefined ? [] : [{ name, node, told: message("'{name}' is waited for anyway: '{other}' waits for it.", { name, other: through }) }];
  });
}

/** Steps looked at for one file, at most; a graph in which that isn't enough is none that a person tidies up. */
const maxLooks = 20_000;

/** Searches the steps that a step waits for, directly or through others. */
class Search {
  readonly #steps: ReadonlyMap<string, AnalysedStep>;
  #looksLeft = maxLooks;

  constructor(steps: ReadonlyMap<string, AnalysedStep>) {
    this.#steps = steps;
  }

  /** Whether `step` runs only when `name` has succeeded. An `if` that asks for the status itself may let it run after a failure. */
  waitsFor(step: string, name: string): boolean {
    if (this.#looksLeft <= 0) return false;
    const seen = new Set<string>();
    const left = [step];
    for (let next = left.pop(); next !== undefined && this.#looksLeft > 0; next = left.pop()) {
      if (seen.has(next)) continue;
      seen.add(next);
      this.#looksLeft -= 1;
      const definition = this.#steps.get(next)?.step;
      if (definition === undefined || (definition.if !== undefined && usesStatusFunction(definition.if))) continue;
      if (definition.needs.includes(name)) return true;
      this.#looksLeft -= definition.needs.length;
      left.push(...definition.needs);
    }
    return false;
  }
}
