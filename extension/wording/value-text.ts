import * as l10n from '@vscode/l10n';
import type { EvaluationView } from '../../schemas/protocol/method.ts';

/** A value as JSON, in so many lines at most; of one that is too large, its beginning. */
export function valueText({ value, preview, size }: EvaluationView, maxLines = Infinity): string {
  if (preview !== undefined) return `${preview}\n… ${l10n.t('({0} characters in all)', size ?? 0)}`;
  const lines = JSON.stringify(value ?? null, null, 2).split('\n');
  if (lines.length <= maxLines) return lines.join('\n');
  return [...lines.slice(0, maxLines - 1), `… ${l10n.t('({0} lines in all)', lines.length)}`].join('\n');
}
