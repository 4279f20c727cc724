import type { AnalysedStep } from '../workflow/analysis/step-analysis.ts';
import type { LanguageFile } from './language-file.ts';

/** Steps that a step may wait for or refer to: none that waits for it already, and none of `on-failure` for a step of `steps`. */
export function stepsThatMayPrecede({ analysed }: LanguageFile, id: string): readonly AnalysedStep[] {
  if (analysed.kind !== 'workflow') return [];
  const { steps } = analysed.analysis;
  const section = steps.get(id)?.section;
  const later = stepsBehind(steps, id);
  return [...steps.values()].filter((other) => !later.has(other.step.id) && (other.section === 'steps' || section !== 'steps'));
}

/** A step, and whatever waits for it, directly or not. */
function stepsBehind(steps: ReadonlyMap<string, AnalysedStep>, id: string): ReadonlySet<string> {
  const waiting = new Map<string, string[]>();
  for (const { step, dependencies } of steps.values()) {
    for (const { on } of dependencies) waiting.set(on, [...(waiting.get(on) ?? []), step.id]);
  }
  const found = new Set([id]);
  for (const step of found) for (const next of waiting.get(step) ?? []) found.add(next);
  return found;
}
