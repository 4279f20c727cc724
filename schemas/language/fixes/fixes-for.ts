import type { DiagnosticCode } from '../../workflow/diagnostic.ts';
import type { AdviceCode } from '../advice/advice.ts';
import { deadLetterAlertFix, dedupeFix, escapedExpressionFix, missingNeedsFix, needlessNeedsFix, selfNeedsFix } from './advice-fix.ts';
import { bareExpressionFix, bareTextFix, durationFix, durationWithinFix, percentageFix, quoteFix, rateFix, suggestionFix } from './value-fixes.ts';
import { duplicateKeyFix, missingKeyFix, removeKeyFix, takePlaceFix } from './key-fixes.ts';
import type { Fix, FixContext, Fixer } from './fix.ts';
import { literalSecretFix, undeclaredConnectionFix, undeclaredInputFix, undeclaredQueueFix, unknownEnvironmentFix, unknownSecretFix } from './declaration-fixes.ts';

/** Beside what the analysis suggests, which fixes findings of every kind. */
const fixers: Readonly<Partial<Record<DiagnosticCode | AdviceCode, readonly Fixer[]>>> = {
  'yaml-syntax': [bareExpressionFix, bareTextFix],
  'duplicate-key': [duplicateKeyFix],
  'bad-duration': [durationFix],
  'bad-retry': [durationWithinFix],
  'bad-rate': [rateFix, durationWithinFix],
  'bad-percentage': [percentageFix],
  'bad-value': [literalSecretFix],
  'wrong-type': [quoteFix],
  'unknown-key': [takePlaceFix, removeKeyFix],
  'missing-key': [missingKeyFix],
  'unknown-queue': [undeclaredQueueFix],
  'unknown-connection': [undeclaredConnectionFix],
  'unknown-input': [undeclaredInputFix],
  'unknown-environment': [unknownEnvironmentFix],
  'unknown-secret': [unknownSecretFix],
  'self-reference': [selfNeedsFix],
  'literal-secret': [literalSecretFix],
  'escaped-expression': [escapedExpressionFix],
  'no-dedupe': [dedupeFix],
  'no-dead-letter-alert': [deadLetterAlertFix],
  'needless-needs': [needlessNeedsFix],
  'missing-needs': [missingNeedsFix],
};

/** Every way to fix a finding, the likeliest first; at most one of them is marked as preferred. */
export function fixesFor(context: FixContext): readonly Fix[] {
  const own = fixers[context.finding.code as DiagnosticCode | AdviceCode] ?? [];
  const fixes = [suggestionFix, ...own].flatMap((fixer) => fixer(context));
  const preferred = fixes.find((fix) => fix.preferred === true);
  return fixes.map((fix) => (fix === preferred || fix.preferred !== true ? fix : { ...fix, preferred: false }));
}
