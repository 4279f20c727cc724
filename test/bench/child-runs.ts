import { setTimeout as delay } from 'node:timers/promises';
import type { DaemonClient } from '../../client/daemon-client.ts';
import { BenchDaemon } from './bench-daemon.ts';
import { withProject } from './bench-folder.ts';
import { withBuiltDaemon } from './built-daemon.ts';
import type { Bench, Figure } from './figure.ts';
import { writeItems } from './many-jobs.ts';
import { peakMb } from './process-memory.ts';
import { median, timed } from './sample.ts';

const lookEveryMs = 100;
const lists = 20;

const project: Readonly<Record<string, string>> = {
  'queues.yaml': 'queues:\n  start: { concurrency: 100 }\n  work: { concurrency: 100 }\n',
  'workflows/campaign.yaml': `steps:
  each:
    queue: start
    foreach: { file: items.csv, key: "\${{ item.id }}", on-item-failure: continue }
    uses: workflow/run
    with: { workflow: onboard, inputs: { email: "\${{ item.email }}" } }
`,
  'workflows/onboard.yaml': `inputs: { email: { type: string } }
required: [email]
steps:
  greet: { queue: work, uses: webhook/send, with: { url: "http://127.0.0.1/", body: { to: "\${{ inputs.email }}" } } }
outputs: { to: "\${{ inputs.email }}" }
`,
};

/** A `foreach` whose items are runs of another workflow, in a daemon with `durability: full`. All are made before the first goes on, so that all are under way at the same time. */
export const childRuns: Bench = async ({ quick, progress }) => {
  const count = quick ? 2_000 : 20_000;
  const shown = count.toLocaleString('en-US');
  return withBuiltDaemon(({ bench: program }) =>
    withProject(project, async (folder): Promise<readonly Figure[]> => {
      await writeItems(folder, count);
      return BenchDaemon.with(program, folder, async ({ client, pid }) => {
        await client.call('queue/pause', { queue: 'work' });
        const { id } = await client.call('run/start', { workflow: 'campaign' });
        const made = await peakMb(pid, () => timed(() => until(client, id, ({ total }) => total === count)));
        progress(`${shown} child runs were made in ${(made.value / 1000).toFixed(1)} s, in ${made.mb.toFixed(0)} MB at most`);
        const listMs: number[] = [];
        for (let list = 0; list < lists; list++) {
          listMs.push(await timed(() => client.call('run/list', { limit: 100 })));
          listMs.push(await timed(() => client.call('run/list', { parent: id, state: 'running', limit: 50 })));
        }
        await client.call('queue/resume', { queue: 'work' });
        const ended = await peakMb(pid, () => timed(() => until(client, id, ({ succeeded }) => succeeded === count)));
        progress(`and ended in ${(ended.value / 1000).toFixed(1)} s, in ${ended.mb.toFixed(0)} MB at most`);
        return [
          { what: `memory while ${shown} child runs are made and end, peak`, value: Math.max(made.mb, ended.mb), unit: 'MB', target: { atMost: 250 } },
          { what: '… made by one `foreach`', value: (count / made.value) * 1000, unit: '/s' },
          { what: '… ended, with the job that waits for each', value: (count / ended.value) * 1000, unit: '/s' },
          { what: '… the list of runs beside them, and a page of them', value: median(listMs), unit: 'ms' },
        ];
      });
    }),
  );
};

async function until(client: DaemonClient, run: string, isReached: (counts: { readonly total: number; readonly succeeded: number }) => boolean): Promise<void> {
  for (;;) {
    const { children } = await client.call('run/get', { id: run });
    if (children !== undefined && isReached(children)) return;
    await delay(lookEveryMs);
  }
}
