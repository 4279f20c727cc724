import { mkdir } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { execFileSync } from 'node:child_process';
import { checkProject } from '../../daemon/cli/project-check.ts';
import { BenchDaemon } from './bench-daemon.ts';
import { withProject } from './bench-folder.ts';
import { withBuiltDaemon } from './built-daemon.ts';
import type { Bench, BenchOptions, Figure } from './figure.ts';
import { median, timed } from './sample.ts';

const folders = 27_930;
const starts = 3;
const workflow = 'queues: { api: { rate: 100/min } }\nsteps: { a: { queue: api, uses: webhook/send, with: { url: "http://127.0.0.1:9/" } } }\n';

/** A daemon with nothing to do, in a project whose tree is as large as that of a big repository, none of which version control ignores. */
export const tree: Bench = async (options) => {
  const count = options.quick ? 3000 : folders;
  return withBuiltDaemon(({ bench: program }) =>
    withProject({ 'workflows/a.yaml': workflow }, async (folder) => {
      await makeTree(folder, count);
      const validated = await validate(folder, count, options);
      return [...validated, ...(await idle(program, folder, count, options))];
    }),
  );
};

async function makeTree(folder: string, count: number): Promise<void> {
  // Some 17 folders in each, three deep, as packages lie in one another.
  for (let index = 0; index < count; index++) await mkdir(path.join(folder, `p${index % 100}`, `q${Math.floor(index / 100) % 17}`, `r${index}`), { recursive: true });
}

async function validate(folder: string, count: number, { progress }: BenchOptions): Promise<readonly Figure[]> {
  const samples: number[] = [];
  for (let round = 0; round < starts; round++) samples.push(await timed(() => checkProject(folder, {})));
  progress(`validated in ${samples.map((sample) => sample.toFixed(0)).join(', ')} ms`);
  return [{ what: `check of a project with ${count.toLocaleString('en-US')} folders`, value: median(samples), unit: 'ms', target: { atMost: 1000 } }];
}

async function idle(program: string, folder: string, count: number, { quick, progress }: BenchOptions): Promise<readonly Figure[]> {
  const samples: number[] = [];
  let share = 0;
  for (let start = 0; start < starts; start++) {
    await BenchDaemon.with(program, folder, async ({ pid, startMs }) => {
      samples.push(startMs);
      if (start + 1 < starts) return;
      // What a start leaves behind, such as compilation, has ended by then.
      await delay(10_000);
      const before = processorMs(pid);
      const ms = await timed(() => delay(quick ? 20_000 : 60_000));
      share = ((processorMs(pid) - before) / ms) * 100;
    });
  }
  progress(`started in ${samples.map((sample) => sample.toFixed(0)).join(', ')} ms; idle ${share.toFixed(3)} % of a core`);
  return [
    { what: '… start-up of its daemon', value: median(samples), unit: 'ms', target: { atMost: 2000 } },
    { what: '… a core, idle', value: share, unit: '%', target: { atMost: 0.2 }, note: `${count.toLocaleString('en-US')} folders, nothing to do` },
  ];
}

/** Of all threads of a process, in milliseconds. Linux only: elsewhere nobody but the process itself can tell. */
function processorMs(pid: number): number {
  if (process.platform !== 'linux') throw new Error('the processor is measured on Linux only');
  // The name may hold blanks; what follows its bracket doesn't.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
  const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / ticksPerSecond;
}
