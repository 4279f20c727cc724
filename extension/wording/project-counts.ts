import * as l10n from '@vscode/l10n';
import { formatNumber } from './language.ts';

/** How many are of which project, such as `shop: 3, warehouse: 2`; nothing where all are of one. */
export function projectCounts(parts: readonly { readonly name: string; readonly count: number }[]): string | undefined {
  return parts.length < 2 ? undefined : parts.map(({ name, count }) => l10n.t('{0}: {1}', name, formatNumber(count))).join(', ');
}
