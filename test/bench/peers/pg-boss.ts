import { peerModule, portions, type MakeContender } from './contender.ts';

/** What is used of it. */
interface PgBossModule {
  readonly PgBoss: new (options: object) => {
    readonly start: () => Promise<unknown>;
    readonly on: (event: 'error', listener: (error: unknown) => void) => void;
    readonly createQueue: (name: string, options: object) => Promise<void>;
    readonly insert: (name: string, jobs: readonly { readonly data: object }[]) => Promise<unknown>;
    readonly send: (name: string, data: object) => Promise<unknown>;
    readonly work: (name: string, options: object, handler: (jobs: readonly unknown[]) => Promise<void>) => Promise<unknown>;
    readonly offWork: (name: string, options: object) => Promise<void>;
  };
}

const queue = 'nothing';
/** Jobs that are fetched together, and completed together. */
const batchSize = 1000;
/** Workers that fetch batches beside each other: more of them wait for the same rows. */
const mostWorkers = 4;

/** In batches, which a full one is followed by at once, and told of new jobs by NOTIFY. */
export const pgBoss: MakeContender = async ({ url = '' }, onJob) => {
  const { PgBoss } = await peerModule<PgBossModule>('pg-boss');
  const boss = new PgBoss({ connectionString: url, useListenNotify: true });
  boss.on('error', console.error);
  await boss.start();
  await boss.createQueue(queue, { notify: true });
  const pause = (): Promise<void> => boss.offWork(queue, { wait: true });
  return {
    pause,
    accept: async (jobs) => {
      for (const some of portions(jobs, 5000)) await boss.insert(queue, some.map((n) => ({ data: { n } })));
    },
    begin: async (concurrency) => {
      await pause();
      await boss.work(queue, { batchSize, localConcurrency: Math.min(concurrency, mostWorkers), burstWhenBatchFull: true, pollingIntervalSeconds: 0.5 }, async (jobs) => {
        for (const _ of jobs) onJob();
      });
    },
    addOne: () => boss.send(queue, { n: 1 }),
  };
};
