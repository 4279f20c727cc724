import type { Severity } from '../../workflow/diagnostic.ts';

export interface AdviceKind {
  readonly severity: Exclude<Severity, 'error'>;
  /** What it means, in one sentence. docs/advice.md says more. */
  readonly meaning: string;
  readonly tags?: readonly 'unnecessary'[];
}

/**
 * Every kind of advice: what is written correctly, and yet will probably not do what its author wants. Codes are stable: editors link them
 * to docs/advice.md and people filter by them. Advice is never an error, and never makes `sluice validate` fail.
 */
export const adviceCodes = {
  'rate-out-of-reach': { severity: 'warning', meaning: 'Attempts take so long that the concurrency of a queue can not reach its rate.' },
  'retry-outlasts-schedule': { severity: 'information', meaning: 'A job may still be retried when the schedule starts the next run.' },
  'retry-outlasts-key': { severity: 'information', meaning: 'A job may be retried for longer than receivers usually remember its idempotency key.' },
  'no-dedupe': { severity: 'warning', meaning: 'An item or event that comes twice has its effect twice, because nothing tells them apart.' },
  'no-dead-letter-alert': { severity: 'information', meaning: 'Nobody is told when a job of this queue becomes a dead letter.' },
  'literal-secret': { severity: 'warning', meaning: 'A text looks like a password, key or token, which belongs into a secret.' },
  'needless-needs': { severity: 'information', meaning: '`needs` names a step that is waited for anyway.', tags: ['unnecessary'] },
  'missing-needs': { severity: 'warning', meaning: '`if` asks how earlier steps ended, but the step waits for none.' },
  starving: { severity: 'information', meaning: 'Jobs of a step wait until a whole list of a greater priority has gone through the same queue.' },
  'escaped-expression': { severity: 'warning', meaning: '`$${{` sends an expression as it is written, and what stands in it has a value here.' },
  unused: { severity: 'information', meaning: 'An input, a queue or a connection is declared, and nothing uses it.', tags: ['unnecessary'] },
} as const satisfies Readonly<Record<string, AdviceKind>>;

export type AdviceCode = keyof typeof adviceCodes;
