import * as l10n from '@vscode/l10n';
import type { AttemptView, JobDetail } from '../../schemas/protocol/job.ts';
import type { RunDetail } from '../../schemas/protocol/run.ts';
import { attemptDescription, jobFacts } from '../wording/job-words.ts';
import { runFacts } from '../wording/run-words.ts';

/**
 * Documents are JSON with comments: a summary in words on top, then all that the daemon tells, in the order in which a person looks for
 * it. It folds, searches and copies like any JSON, and no reader of it has to be written.
 */

export function runText(run: RunDetail, nowMs: number): string {
  const { id, workflow, state, error, createdAt, endedAt, jobs, inputs, steps, ...rest } = run;
  return withHead(runFacts(run, nowMs), {
    id,
    workflow,
    state,
    ...(error === undefined ? {} : { error }),
    createdAt,
    ...(endedAt === undefined ? {} : { endedAt }),
    jobs,
    inputs,
    steps,
    ...rest,
  });
}

export function jobText(job: JobDetail, nowMs: number): string {
  const { id, run, workflow, step, queue, state, discardReason, error, warning, progress, payload, output, attempts, revisions, ...rest } = job;
  return withHead(jobFacts(job, nowMs), {
    id,
    run,
    workflow,
    step,
    queue,
    state,
    ...(discardReason === undefined ? {} : { discardReason }),
    ...(error === undefined ? {} : { error }),
    ...(warning === undefined ? {} : { warning }),
    ...(progress === undefined ? {} : { progress }),
    payload,
    ...(output === undefined ? {} : { output }),
    ...rest,
    attempts: attempts.toReversed(),
    revisions,
  });
}

export function attemptText(job: JobDetail, attempt: AttemptView): string {
  const head: (readonly [string, string])[] = [
    [l10n.t('Job'), `${job.id}, ${job.workflow}/${job.step}`],
    [l10n.t('Attempt'), l10n.t('{0} of {1}', attempt.number, job.attempts.length)],
    [l10n.t('Result'), attemptDescription(attempt)],
  ];
  return withHead(head, { job: job.id, ...attempt });
}

/** The payload alone, as it is edited. */
export function payloadText(payload: unknown): string {
  return `${JSON.stringify(payload, null, 2)}\n`;
}

/** One attempt, without what differs in every two of them: for comparing. */
export function attemptAsJson({ state, error, request, response }: AttemptView): string {
  return `${JSON.stringify({ state, error, request, response }, null, 2)}\n`;
}

function withHead(facts: readonly (readonly [name: string, value: string])[], value: unknown): string {
  const head = facts.map(([name, text]) => `// ${name}: ${text}`.replace(/\s+/g, ' '));
  return `${head.join('\n')}\n${JSON.stringify(value, null, 2)}\n`;
}
