import * as l10n from '@vscode/l10n';
import type { LastStop } from '../../schemas/protocol/last-stop.ts';
import { formatMoment, formatNumber } from './language.ts';

/** A sentence where jobs wait for a daemon that was stopped; undefined where none does. */
export function lastStopText({ at, waiting }: LastStop, project: string): string | undefined {
  if (waiting === 0) return undefined;
  return waiting === 1
    ? l10n.t('One job was waiting when the daemon of {0} stopped: {1}.', project, formatMoment(at))
    : l10n.t('{0} jobs were waiting when the daemon of {1} stopped: {2}.', formatNumber(waiting), project, formatMoment(at));
}

/** `42 jobs waiting`, for beside a title; undefined where none does. */
export function lastStopPart({ waiting }: LastStop): string | undefined {
  if (waiting === 0) return undefined;
  return waiting === 1 ? l10n.t('one job waiting') : l10n.t('{0} jobs waiting', formatNumber(waiting));
}
