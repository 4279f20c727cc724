import path from 'node:path';
import { SharedClock } from '../../../daemon/platform/shared-clock.ts';
import { machine } from '../../../daemon/platform/system-clock.ts';
import { PostgresStore } from '../../../daemon/store/postgres/postgres-store.ts';
import { BenchEngine, type BenchEngineOptions, type SharedStore } from '../bench-engine.ts';
import { NoOpAction } from '../no-op-action.ts';
import type { MakeContender } from './contender.ts';

const each = '    uses: webhook/send\n    with: { url: "http://127.0.0.1/", body: { n: "${{ item }}" } }\n';
const single = '    uses: webhook/send\n    with: { url: "http://127.0.0.1/", body: { n: 1 } }\n';

/** The engine over the store that a daemon has, with everything that it keeps of a job: payload, attempt, accounts of step and run. */
export const sluice: MakeContender = async ({ url, durability = 'full', ratePerSecond, process }, onJob) => {
  const action = new NoOpAction();
  action.onStart = onJob;
  const { promise, resolve } = Promise.withResolvers<BenchEngine>();
  const options: BenchEngineOptions = {
    durability,
    actions: { get: () => action },
    ...(url === undefined ? {} : { shared: (stateFolder) => sharedStore({ url, process, stateFolder }) }),
    ...(ratePerSecond === undefined ? {} : { rate: { limit: ratePerSecond, perMs: 1000, burst: Math.ceil(ratePerSecond / 10) } }),
  };
  // It lasts as long as its process, which is killed.
  const ended = BenchEngine.with(options, (engine) => {
    engine.pause();
    resolve(engine);
    return new Promise<never>(() => {});
  });
  const engine = await Promise.race([promise, ended]);
  return {
    pause: async () => engine.pause(),
    accept: (jobs) => engine.accept(jobs, each),
    begin: async (concurrency) => engine.resume(concurrency),
    addOne: () => engine.startOne(single),
  };
};

function sharedStore({ url, process, stateFolder }: { readonly url: string; readonly process: number; readonly stateFolder: string }): SharedStore {
  const clock = new SharedClock(machine);
  const store = new PostgresStore({ url, schema: 'sluice', daemon: `daemon ${process}`, journalFile: path.join(stateFolder, 'store-attempts'), clock, onServerTime: (wallMs) => clock.follow(wallMs) });
  return { clock, store };
}
