import { peerModule, portions, type MakeContender } from './contender.ts';

/** What is used of it. */
interface BullMq {
  readonly Queue: new (name: string, options: object, backend?: unknown) => {
    readonly addBulk: (jobs: readonly { readonly name: string; readonly data: object }[]) => Promise<unknown>;
    readonly add: (name: string, data: object) => Promise<unknown>;
  };
  readonly Worker: new (name: string, handler: () => Promise<void>, options: object, backend?: unknown) => {
    readonly close: () => Promise<void>;
    readonly waitUntilReady: () => Promise<unknown>;
    readonly on: (event: 'error', listener: (error: unknown) => void) => void;
  };
  readonly createPostgresBackend: unknown;
  readonly runMigrations: (client: object) => Promise<void>;
}

interface Pg {
  readonly default: { readonly Client: new (url: string) => { readonly connect: () => Promise<void>; readonly end: () => Promise<void> } };
}

const name = 'nothing';

/** On Redis or on Postgres. Jobs that are done are removed, as its pages recommend for speed. */
export const bullmq: MakeContender = async ({ url = '', ratePerSecond }, onJob) => {
  const { Queue, Worker, createPostgresBackend, runMigrations } = await peerModule<BullMq>('bullmq');
  const isPostgres = url.startsWith('postgres:');
  if (isPostgres) {
    const { default: pg } = await peerModule<Pg>('pg');
    const client = new pg.Client(url);
    await client.connect();
    await runMigrations(client);
    await client.end();
  }
  const connection = isPostgres ? { connectionString: url, max: 20 } : { port: Number(new URL(url).port), host: '127.0.0.1', maxRetriesPerRequest: null };
  const rest: readonly unknown[] = isPostgres ? [createPostgresBackend] : [];
  const queue = new Queue(name, { connection, defaultJobOptions: { removeOnComplete: true } }, ...rest);
  let worker: InstanceType<typeof Worker> | undefined;
  const pause = async (): Promise<void> => {
    await worker?.close();
    worker = undefined;
  };
  return {
    pause,
    accept: async (jobs) => {
      for (const some of portions(jobs, 1000)) await queue.addBulk(some.map((n) => ({ name, data: { n } })));
    },
    begin: async (concurrency) => {
      await pause();
      worker = new Worker(name, async () => onJob(), { connection, concurrency, ...(ratePerSecond === undefined ? {} : { limiter: { max: ratePerSecond, duration: 1000 } }) }, ...rest);
      worker.on('error', console.error);
      await worker.waitUntilReady();
    },
    addOne: () => queue.add(name, { n: 1 }),
  };
};
