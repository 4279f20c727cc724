import '../support/own-home.ts';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { DaemonClient } from '../../client/daemon-client.ts';
import { daemonArguments, launchEnvironment } from '../../client/daemon-launch.ts';
import { readDiscovery } from '../../client/discovery.ts';

export type BenchQuestion = { readonly kind: 'count'; readonly jobs: number } | { readonly kind: 'watch-loop' | 'loop' | 'stop' };

/** Numbers by their names. */
export type BenchAnswer = Readonly<Record<string, number>>;

/** A daemon in a process of its own, whose `webhook/send` does nothing. */
export class BenchDaemon {
  readonly client: DaemonClient;
  readonly pid: number;
  /** From the start of the process until the daemon is ready. */
  readonly startMs: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, client: DaemonClient, startMs: number) {
    this.#child = child;
    this.client = client;
    this.pid = child.pid ?? 0;
    this.startMs = startMs;
  }

  /** `program`: see `withBuiltDaemon`. The daemon is gone when `work` has ended. */
  static async with<Value>(program: string, folder: string, work: (daemon: BenchDaemon) => Promise<Value>): Promise<Value> {
    // As the product starts it, with the same flags.
    const env = await launchEnvironment(process.env);
    const startedAtMs = performance.now();
    const child = spawn(process.execPath, daemonArguments(folder, program), { env, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    const exited = once(child, 'exit');
    try {
      await Promise.race([once(child, 'message'), exited.then(() => Promise.reject(new Error('the daemon ended before it was ready')))]);
      const startMs = performance.now() - startedAtMs;
      const read = await readDiscovery(folder);
      if (read.kind !== 'found') throw new Error('the daemon is ready, and has no daemon.json');
      const client = await DaemonClient.open(read.discovery);
      const value = await work(new BenchDaemon(child, client, startMs));
      await client.close();
      child.send({ kind: 'stop' } satisfies BenchQuestion);
      await exited;
      return value;
    } finally {
      child.kill('SIGKILL');
      await exited;
    }
  }

  readonly ask = async (question: BenchQuestion): Promise<BenchAnswer> => {
    const answered = once(this.#child, 'message');
    this.#child.send(question);
    const [answer] = (await answered) as [BenchAnswer];
    return answer;
  };
}
