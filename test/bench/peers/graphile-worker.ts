import { peerModule, portions, type MakeContender } from './contender.ts';

/** What is used of it. */
interface GraphileWorker {
  readonly makeWorkerUtils: (options: { readonly connectionString: string }) => Promise<{
    readonly migrate: () => Promise<void>;
    readonly addJob: (task: string, payload: object) => Promise<unknown>;
    readonly addJobs: (jobs: readonly { readonly identifier: string; readonly payload: object }[]) => Promise<unknown>;
  }>;
  readonly run: (options: { readonly preset: object; readonly taskList: object }) => Promise<{ readonly stop: () => Promise<void> }>;
  readonly Logger: new (factory: () => () => void) => object;
}

/** As its page on performance recommends: a queue in the process, and outcomes in batches. */
export const graphileWorker: MakeContender = async ({ url = '' }, onJob) => {
  const { makeWorkerUtils, run, Logger } = await peerModule<GraphileWorker>('graphile-worker');
  const logger = new Logger(() => () => {});
  const utils = await makeWorkerUtils({ connectionString: url });
  await utils.migrate();
  let runner: Awaited<ReturnType<typeof run>> | undefined;
  const pause = async (): Promise<void> => {
    await runner?.stop();
    runner = undefined;
  };
  return {
    pause,
    accept: async (jobs) => {
      for (const some of portions(jobs, 5000)) await utils.addJobs(some.map((n) => ({ identifier: 'nothing', payload: { n } })));
    },
    begin: async (concurrency) => {
      await pause();
      const worker = { connectionString: url, concurrentJobs: concurrency, maxPoolSize: Math.min(concurrency + 1, 25), localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0, logger };
      runner = await run({ preset: { worker }, taskList: { nothing: () => onJob() } });
    },
    addOne: () => utils.addJob('nothing', { n: 1 }),
  };
};
