import * as l10n from '@vscode/l10n';
import type { JobSummary } from '../../schemas/protocol/job.ts';

/** Dead letters of one queue that failed alike. */
export interface CauseGroup {
  /** `error.cause` of each; undefined for those without an error. */
  readonly cause: string | undefined;
  readonly count: number;
  /** ISO 8601. */
  readonly newestAt: string;
}

/** Groups by cause, in the order of each group's newest; `jobs` are newest first. */
export function groupByCause(jobs: readonly JobSummary[]): readonly CauseGroup[] {
  const groups = new Map<string | undefined, { count: number; newestAt: string }>();
  for (const job of jobs) {
    const cause = job.error?.cause;
    const group = groups.get(cause);
    if (group === undefined) groups.set(cause, { count: 1, newestAt: job.endedAt ?? job.createdAt });
    else group.count++;
  }
  return [...groups].map(([cause, group]) => ({ cause, ...group }));
}

/** The condition that lets only this group through, as `where` of the protocol has it. */
export function whereCause(cause: string | undefined): string {
  // JSON's escapes are CEL's as well.
  return cause === undefined ? '!has(error.cause)' : `error.cause == ${JSON.stringify(cause)}`;
}

export function causeName(cause: string | undefined): string {
  return cause ?? l10n.t('No error recorded');
}
