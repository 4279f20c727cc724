import type { DiagnosticCode } from '../../workflow/diagnostic.ts';
import type { AdviceCode } from '../advice/advice-code.ts';
import { deadLetterAlertFix, dedupeFix, escapedExpressionFix } from './advice-fix.ts';
import { bareExpressionFix, bareTextFix, durationFix, durationWithinFix, percentageFix, quoteFix, rateFix } from './bare-value-fix.ts';
import { duplicateKeyFix } from './duplicate-key-fix.ts';
import type { Fix, FixContext, Fixer } from './fix.ts';
import { missingKeyFix } from './missing-key-fix.ts';
import { missingNeedsFix, needlessNeedsFix, selfNeedsFix } from './needs-fix.ts';
import { literalSecretFix, unknownSecretFix } from './secret-fix.ts';
import { suggestionFix } from './suggestion-fix.ts';
import { undeclaredConnectionFix, undeclaredInputFix, undeclaredQueueFix, unknownEnvironmentFix } from './undeclared-fix.ts';
import { removeKeyFix, takePlaceFix } from './unknown-key-fix.ts';

/** Beside what the analysis suggests, which mends findings of every kind. */
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

/** Every way to mend a finding, the likeliest first; at most one of them is marked as preferred. */
export function fixesFor(context: FixContext): readonly Fix[] {
  const own = fixers[context.finding.code as DiagnosticCode | AdviceCode] ?? [];
  const fixes = [suggestionFix, ...own].flatMap((fixer) => fixer(context));
  const preferred = fixes.find((fix) => fix.preferred === true);
  return fixes.map((fix) => (fix === preferred || fix.preferred !== true ? fix : { ...fix, preferred: false }));
}
