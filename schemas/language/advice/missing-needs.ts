import { entryOf } from '../../workflow/document.ts';
import { usesStatusFunction } from '../../workflow/expression.ts';
import type { Adviser } from './advice.ts';
import { message, sentences } from '../../wording/message.ts';

/** `success()`, `failure()` and `cancelled()` look at the steps that are waited for; where there are none, they are decided at once. */
export const missingNeeds: Adviser = ({ workflows }, say) => {
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
