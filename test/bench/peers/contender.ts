/** What is measured beside each other, each in processes of its own: a queue of jobs that do nothing. */
export interface Contender {
  /** This process runs nothing until `begin`. */
  pause(): Promise<void>;
  /** Puts so many jobs into the queue, while no process runs any. Resolves when all are as durable as the contender makes them. */
  accept(jobs: number): Promise<unknown>;
  /** Runs what is in the queue, and what comes, so many at a time. */
  begin(concurrency: number): Promise<void>;
  /** One job more, by the ordinary way: resolves when it is accepted. */
  addOne(): Promise<unknown>;
}

export const contenderKinds = ['sluice', 'graphile-worker', 'pg-boss', 'bullmq'] as const;

export interface ContenderOptions {
  readonly kind: (typeof contenderKinds)[number];
  /** `postgres://` or `redis://`. If omitted, it needs no server. */
  readonly url?: string;
  /** Of an embedded store. */
  readonly durability?: 'full' | 'normal';
  /** Jobs a second that may start, exactly, over all its processes. If omitted, as many as can. */
  readonly ratePerSecond?: number;
  /** Tells its processes from each other, from 1 on. */
  readonly process: number;
}

/** Makes one. `onJob` is called by each job when it starts. */
export type MakeContender = (options: ContenderOptions, onJob: () => void) => Promise<Contender>;

export type ContenderQuestion = { readonly ask: 'pause' } | { readonly ask: 'accept'; readonly jobs: number } | { readonly ask: 'begin'; readonly concurrency: number } | { readonly ask: 'starts'; readonly count: number };

export type ContenderNotice =
  | { readonly told: 'ready' }
  | { readonly told: 'accepted'; readonly ms: number }
  | { readonly told: 'paused' | 'begun' }
  /** Jobs so far, and when the first and the last of them started, in milliseconds since the epoch. */
  | { readonly told: 'jobs'; readonly count: number; readonly firstAt: number; readonly lastAt: number; readonly processorUs: number; readonly peakMb: number }
  /** From asking for each to its start. */
  | { readonly told: 'starts'; readonly ms: readonly number[] }
  | { readonly told: 'failed'; readonly problem: string };

/** A package of a peer, which is installed beside this file only to be measured: the compiler doesn't know it. */
export async function peerModule<Known>(name: string): Promise<Known> {
  return (await import(name)) as Known;
}

/** So many numbers in portions, from 0 on. */
export function* portions(count: number, size: number): Generator<readonly number[]> {
  for (let from = 0; from < count; from += size) yield Array.from({ length: Math.min(size, count - from) }, (_, index) => from + index);
}
