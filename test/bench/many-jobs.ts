import { createWriteStream } from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { DaemonClient } from '../../client/daemon-client.ts';

const lookEveryMs = 100;

/** A file of items, written as it is read: row by row. */
export async function writeItems(folder: string, count: number): Promise<void> {
  await pipeline(
    function* () {
      yield 'id,email,name\n';
      for (let from = 0; from < count; from += 1000) {
        const rows = Array.from({ length: Math.min(1000, count - from) }, (_, index) => `${from + index},person${from + index}@example.com,Person ${from + index}\n`);
        yield rows.join('');
      }
    },
    createWriteStream(path.join(folder, 'items.csv')),
  );
}

/** Resolves when so many jobs wait in the queue. */
export async function untilPending(client: DaemonClient, queue: string, count: number): Promise<void> {
  for (;;) {
    const { queues } = await client.call('queue/list', {});
    if ((queues.find(({ name }) => name === queue)?.depth.pending ?? 0) >= count) return;
    await delay(lookEveryMs);
  }
}

/** Files of a project whose workflow `import` makes a job of each row of `items.csv`. */
export function importProject(durability: 'full' | 'normal'): Readonly<Record<string, string>> {
  return {
    'config.yaml': `durability: ${durability}\n`,
    'queues.yaml': 'queues:\n  many: { concurrency: 100 }\n',
    'workflows/import.yaml': `steps:
  each:
    queue: many
    foreach: { file: items.csv, key: "\${{ item.id }}", on-item-failure: continue }
    uses: webhook/send
    with:
      url: http://127.0.0.1/
      body: { id: "\${{ item.id }}", email: "\${{ item.email }}", text: "Hello \${{ item.name }}, this is as long as a small message is." }
`,
  };
}
