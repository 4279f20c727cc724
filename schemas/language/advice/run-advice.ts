import { type Advice, type AdviceCode, adviceCodes, type AdviceKind, type AdvisedProject, type AdviceRule } from './advice.ts';
import { columnsByChance } from './files.ts';
import { escapedExpression, literalSecret } from './texts.ts';
import { otherBraces } from './other-braces.ts';
import { rateBeyondConnection } from './connections.ts';
import { missingNeeds, needlessNeeds } from './needs.ts';
import { noDeadLetterAlert, starving } from './queues.ts';
import { noDedupe, rateOutOfReach, retryOutlastsKey, retryOutlastsSchedule } from './retries.ts';
import { unused } from './unused.ts';

const advisers: Readonly<Record<AdviceCode, AdviceRule>> = {
  'rate-out-of-reach': rateOutOfReach,
  'rate-beyond-connection': rateBeyondConnection,
  'retry-outlasts-schedule': retryOutlastsSchedule,
  'retry-outlasts-key': retryOutlastsKey,
  'no-dedupe': noDedupe,
  'no-dead-letter-alert': noDeadLetterAlert,
  'literal-secret': literalSecret,
  'needless-needs': needlessNeeds,
  'missing-needs': missingNeeds,
  starving,
  'escaped-expression': escapedExpression,
  'other-braces': otherBraces,
  'columns-by-chance': columnsByChance,
  unused,
};

/** All advice about a project, by file and in the order of its text. What needs live figures is silent without them. */
export function runAdvice(project: AdvisedProject): ReadonlyMap<string, readonly Advice[]> {
  const found = new Map<string, Advice[]>();
  for (const [code, look] of Object.entries(advisers) as [AdviceCode, AdviceRule][]) {
    look(project, (path, range, message) => {
      const list = found.get(path) ?? [];
      const { severity, tags }: AdviceKind = adviceCodes[code];
      list.push({ code, severity, message, range, ...(tags === undefined ? {} : { tags }) });
      found.set(path, list);
    });
  }
  return new Map([...found].map(([path, list]) => [path, list.toSorted((a, b) => a.range.start - b.range.start)]));
}
