import { FaultProject } from './fault-project.ts';

export interface ResponsivenessResult {
  readonly items: number;
  /** Until all items were jobs. */
  readonly fanOutMs: number;
  /** Calls answered meanwhile, and how long they took. */
  readonly calls: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** How soon calls are answered, one after the other, while a fan-out keeps the store writing. */
export async function responsivenessTest({ items, program }: { readonly items: number; readonly program?: string }): Promise<ResponsivenessResult> {
  const project = await FaultProject.make({
    'queues.yaml': 'queues:\n  held: { concurrency: 1 }\n',
    'items.csv': `id,name\n${Array.from({ length: items }, (_, index) => `${index},Name ${index}`).join('\n')}\n`,
    'workflows/import.yaml': `
steps:
  deliver:
    queue: held
    foreach: { file: .sluice/items.csv, key: "\${{ item.id }}", on-item-failure: continue }
    uses: webhook/send
    with: { url: "http://127.0.0.1:9/", body: { item: "\${{ item.id }}", name: "\${{ item.name }}" } }
`,
  });
  try {
    const { client } = await project.start({ program });
    await client.call('queue/pause', { queue: 'held' });
    const startedAtMs = performance.now();
    const { id } = await client.call('run/start', { workflow: 'import' });
    const tookMs: number[] = [];
    for (let expanded = false; !expanded;) {
      const calledAtMs = performance.now();
      const run = await client.call('run/get', { id });
      tookMs.push(performance.now() - calledAtMs);
      expanded = run.steps[0]?.expanded === true;
    }
    tookMs.sort((one, other) => one - other);
    const at = (share: number): number => tookMs[Math.min(tookMs.length - 1, Math.floor(share * tookMs.length))] ?? NaN;
    return { items, fanOutMs: performance.now() - startedAtMs, calls: tookMs.length, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) };
  } finally {
    await project.dispose();
  }
}
