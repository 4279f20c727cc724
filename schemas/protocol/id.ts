/** Runs, jobs and deliveries are numbered in the store, from 1; people and messages see `r12`, `j4031` and `d7`. */

export function formatRunId(id: number): string {
  return `r${id}`;
}

export function formatJobId(id: number): string {
  return `j${id}`;
}

export function formatDeliveryId(id: number): string {
  return `d${id}`;
}

/** The number of `d7`; undefined for anything else. */
export function parseDeliveryId(text: string): number | undefined {
  return parseId('d', text);
}

/** The number of `r12`; undefined for anything else. */
export function parseRunId(text: string): number | undefined {
  return parseId('r', text);
}

/** The number of `j4031`; undefined for anything else. */
export function parseJobId(text: string): number | undefined {
  return parseId('j', text);
}

function parseId(letter: string, text: string): number | undefined {
  return new RegExp(`^${letter}[1-9][0-9]{0,15}$`).test(text) ? Number(text.slice(1)) : undefined;
}

/** The words for where a job, an attempt, a step and a run stand. They are stored, sent and shown as they are. */

export const jobStates = ['pending', 'delayed', 'active', 'succeeded', 'dead', 'cancelled', 'discarded'] as const;
export type JobState = (typeof jobStates)[number];

export const stepStates = ['waiting', 'running', 'succeeded', 'failed', 'skipped', 'cancelled'] as const;
export type StepState = (typeof stepStates)[number];

export const runStates = ['running', 'succeeded', 'failed', 'cancelled'] as const;
export type RunState = (typeof runStates)[number];

/** How an attempt stands: `throttled` attempts and `interrupted` ones are not charged against the retry budget. */
export const attemptStates = ['active', 'succeeded', 'failed', 'throttled', 'interrupted', 'cancelled'] as const;
export type AttemptState = (typeof attemptStates)[number];

/** A job that will not move again by itself. Only a person's replay moves a dead letter on. */
export function isJobEnded(state: JobState): boolean {
  return state !== 'pending' && state !== 'delayed' && state !== 'active';
}

export function isStepEnded(state: StepState): boolean {
  return state !== 'waiting' && state !== 'running';
}

export function isRunEnded(state: RunState): boolean {
  return state !== 'running';
}
