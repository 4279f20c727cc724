import type { DaemonClient } from '../../client/daemon-client.ts';
import { CodedError } from '../../schemas/protocol/error.ts';
import type { Responder } from '../support/http-sink.ts';
import { endOfRun, eventually, jobsOf } from './fault-project.ts';

const retry = '{ delays: [30ms] }';

/** The files of a project in which everything happens that a daemon does; `url` is where its webhooks go. */
export function stirFiles(url: string): Readonly<Record<string, string>> {
  const deliver = (source: string, queue = 'hooks'): string => `
inputs:
  items: { type: array }
steps:
  deliver:
    queue: ${queue}
    foreach: { ${source}, key: "\${{ item.id }}", on-item-failure: continue, tolerate: 100% }
    uses: webhook/send
    with: { url: "${url}", body: { item: "\${{ item.id }}" } }
`;
  const inputs = 'items: "${{ inputs.items }}"';
  return {
    'config.yaml': 'grace: 300ms\n',
    'queues.yaml': `queues:\n  hooks: { concurrency: 5, retry: ${retry} }\n  held: { concurrency: 5, retry: ${retry} }\n`,
    'workflows/deliver.yaml': deliver(inputs),
    'workflows/held.yaml': deliver(inputs, 'held'),
    'workflows/import.yaml': deliver('file: .sluice/items.csv'),
    'workflows/missing.yaml': deliver('file: .sluice/missing.csv'),
    'items.csv': `id\n${fileItems.join('\n')}\n`,
  };
}

const fileItems = Array.from({ length: 12 }, (_, index) => `file-${index}`);

/** What of the stirring was answered, and so has to be true for ever. */
export class Stir {
  readonly accepted = new Map<string, readonly string[]>();
  readonly cancelledRuns: string[] = [];
  readonly cancelledJobs: string[] = [];
  readonly replayed: string[] = [];
  readonly discarded: string[] = [];
  #round = 0;
  readonly #seen = new Set<string>();

  /** `bad` items are refused for ever, `flaky` ones at first, `hang` ones get no answer in the round that made them. */
  readonly respond: Responder = ({ body = '{}' }) => {
    const { item } = JSON.parse(body) as { readonly item: string };
    const isFirst = !this.#seen.has(item);
    this.#seen.add(item);
    if (item.startsWith('bad')) return { status: 400 };
    if (item.startsWith('flaky') && isFirst) return { status: 503 };
    return item === `hang-${this.#round}` ? 'hang' : {};
  };

  /** Has the daemon do everything once: start, fan out, retry, bury, replay, discard, pause, cancel. Rejects where it dies. */
  async stir(client: DaemonClient): Promise<void> {
    const round = ++this.#round;
    const mixed = await this.#start(client, 'deliver', [`bad-${round}-1`, `bad-${round}-2`, `flaky-${round}`, `good-${round}`]);
    await this.#start(client, 'import', fileItems);
    await this.#start(client, 'missing', []);
    await endOfRun(client, mixed);
    const [one, other] = await jobsOf(client, { run: mixed, state: 'dead' });
    if (one === undefined || other === undefined) throw new Error(`${mixed} should have two dead letters`);
    await client.call('dead/replay', { ids: [one.id] });
    this.replayed.push(one.id);
    await client.call('dead/discard', { ids: [other.id] });
    this.discarded.push(other.id);

    await client.call('queue/pause', { queue: 'held' });
    const items = Array.from({ length: 30 }, (_, index) => `held-${round}-${index}`);
    const held = await this.#start(client, 'held', items);
    const jobs = await eventually('a held run', async () => {
      const found = await jobsOf(client, { run: held });
      return found.length === items.length ? found : undefined;
    });
    const first = jobs[0];
    if (first === undefined) throw new Error(`${held} should have jobs`);
    await client.call('job/cancel', { id: first.id });
    this.cancelledJobs.push(first.id);
    await client.call('run/cancel', { id: held });
    this.cancelledRuns.push(held);
    await endOfRun(client, held);
    await client.call('queue/resume', { queue: 'held' });
  }

  /** An attempt that a stop has to cut off. */
  async hang(client: DaemonClient): Promise<void> {
    const item = `hang-${this.#round}`;
    await this.#start(client, 'deliver', [item]);
    await eventually(item, () => (this.#seen.has(item) ? true : undefined));
  }

  /** From now on nothing hangs. */
  answer(): void {
    this.#round++;
  }

  /** What was answered, and isn't true. */
  async broken(client: DaemonClient): Promise<string[]> {
    const [runs, cancelled, replayed, discarded] = await Promise.all([
      Promise.all(this.cancelledRuns.map((id) => client.call('run/get', { id }))),
      Promise.all(this.cancelledJobs.map((id) => client.call('job/get', { id }))),
      Promise.all(this.replayed.map((id) => client.call('job/get', { id }))),
      Promise.all(this.discarded.map((id) => client.call('job/get', { id }))),
    ]);
    return [
      ...runs.flatMap(({ id, state }) => (state === 'cancelled' ? [] : [`${id} was cancelled, and is ${state}`])),
      ...cancelled.flatMap(({ id, state }) => (state === 'cancelled' ? [] : [`${id} was cancelled, and is ${state}`])),
      ...replayed.flatMap(({ id, attempts }) => (attempts.some(({ round }) => round === 2) ? [] : [`${id} was replayed, and was not tried again`])),
      ...discarded.flatMap(({ id, state }) => (state === 'discarded' ? [] : [`${id} was discarded, and is ${state}`])),
    ];
  }

  async #start(client: DaemonClient, workflow: string, items: readonly string[]): Promise<string> {
    const inputs = workflow === 'deliver' || workflow === 'held' ? { items: items.map((id) => ({ id })) } : {};
    const { id } = await client.call('run/start', { workflow, inputs });
    this.accepted.set(id, items);
    return id;
  }
}

export function isGone(error: unknown): boolean {
  return error instanceof CodedError && error.code === 'unreachable';
}
