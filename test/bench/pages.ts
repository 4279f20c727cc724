import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { DaemonClient } from '../../client/daemon-client.ts';
import type { StepView } from '../../schemas/protocol/run.ts';
import { BenchDaemon } from './bench-daemon.ts';
import { withProject } from './bench-folder.ts';
import { withBuiltDaemon } from './built-daemon.ts';
import type { Bench, Figure } from './figure.ts';
import { peakMb, residentMb } from './process-memory.ts';
import { timed } from './sample.ts';

const lookEveryMs = 200;
const itemsOfPage = 100;
const itemsOfBatch = 100;

/** Pages of an API, one after the other, and the items of all of them in batches: no more of either in memory than of a few pages. */
export const pages: Bench = async ({ quick, progress }) => {
  const count = quick ? 500 : 10_000;
  const server = createServer((request, response) => {
    const page = Number(new URL(request.url ?? '', 'http://x').searchParams.get('page') ?? 1);
    const results = Array.from({ length: itemsOfPage }, (_, index) => ({ id: (page - 1) * itemsOfPage + index, email: `person${page}-${index}@example.com`, name: 'A name of a person', country: 'DE' }));
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ results, next: page < count ? page + 1 : null }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    return await withBuiltDaemon(({ bench: program }) =>
      withProject(projectFor(port), async (folder): Promise<readonly Figure[]> =>
        BenchDaemon.with(program, folder, async ({ client, pid }) => {
          await client.call('queue/pause', { queue: 'push' });
          const idleMb = residentMb(pid);
          const { id } = await client.call('run/start', { workflow: 'sync' });
          const read = await peakMb(pid, () => timed(() => until(client, id, ({ id: step, pages: told }) => step === 'list' && told?.complete === true)));
          const shown = count.toLocaleString('en-US');
          progress(`${shown} pages were read in ${(read.value / 1000).toFixed(1)} s, in ${read.mb.toFixed(0)} MB at most (${idleMb.toFixed(0)} before)`);
          const made = await peakMb(pid, () => timed(() => until(client, id, ({ id: step, expanded }) => step === 'push' && expanded)));
          progress(`and their items put into batches in ${(made.value / 1000).toFixed(1)} s, in ${made.mb.toFixed(0)} MB at most`);
          return [
            { what: `memory while ${(count * itemsOfPage).toLocaleString('en-US')} items of ${shown} pages are read and put into batches, peak`, value: Math.max(read.mb, made.mb), unit: 'MB', target: { atMost: 250 } },
            { what: '… pages read, one after the other', value: (count / read.value) * 1000, unit: '/s' },
            { what: '… their items, into batches', value: ((count * itemsOfPage) / made.value) * 1000, unit: '/s' },
          ];
        }),
      ),
    );
  } finally {
    server.close();
    server.closeAllConnections();
  }
};

function projectFor(port: number): Readonly<Record<string, string>> {
  return {
    'queues.yaml': 'queues:\n  push: {}\n',
    'workflows/sync.yaml': `steps:
  list:
    uses: http/request
    with: { url: "http://127.0.0.1:${port}/people" }
    paginate: { items: "\${{ page.body.results }}", query: { page: "\${{ page.body.next }}" } }
  push:
    queue: push
    foreach: { items: "\${{ steps.list.items }}", batch: ${itemsOfBatch}, on-item-failure: continue }
    uses: webhook/send
    with: { url: "http://127.0.0.1/", body: { people: "\${{ item }}" } }
`,
  };
}

async function until(client: DaemonClient, run: string, isReached: (step: StepView) => boolean): Promise<void> {
  for (;;) {
    const { steps, state } = await client.call('run/get', { id: run });
    if (steps.some(isReached)) return;
    if (state !== 'running') throw new Error(`the run is ${state}`);
    await delay(lookEveryMs);
  }
}
