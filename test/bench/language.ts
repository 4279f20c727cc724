import { complete } from '../../schemas/language/completion.ts';
import { diagnosticsOf } from '../../schemas/language/diagnostics.ts';
import { LanguageProject } from '../../schemas/language/language-project.ts';
import { codeLensFigures } from './code-lens.ts';
import type { Bench, Figure } from './figure.ts';
import { filesAround, longWorkflow } from './long-workflow.ts';
import { median, percentile } from './sample.ts';

const path = '.sluice/workflows/bench.yaml';
const around = Object.entries(filesAround).map(([file, text]) => ({ path: file, text }));

/** What one key costs in the language service, without an editor and without the protocol: the file is read again, and all its findings are made, or all lines above names. */
export const language: Bench = ({ quick, progress }) => {
  const figures: Figure[] = [];
  for (const { lines, targetMs } of [{ lines: 300, targetMs: 50 }, { lines: 2_000, targetMs: 200 }]) {
    progress(`${lines} lines`);
    const text = longWorkflow(lines);
    const rounds = quick ? 20 : 200;
    const { keysMs, completionsMs, processorMs } = type(text, rounds);
    const what = `findings after a key, ${lines.toLocaleString('en')} lines`;
    figures.push(
      { what: `${what}, p95`, value: percentile(keysMs, 0.95), unit: 'ms', target: { atMost: targetMs }, note: 'the core alone' },
      { what: '… p50', value: median(keysMs), unit: 'ms' },
      { what: '… of the processor, on average', value: processorMs, unit: 'ms', note: 'the same on a busy machine' },
      { what: '… and completion there, p95', value: percentile(completionsMs, 0.95), unit: 'ms' },
    );
  }
  progress('lines above names');
  return Promise.resolve([...figures, ...codeLensFigures(quick ? 20 : 200)]);
};

interface Typing {
  readonly keysMs: readonly number[];
  readonly completionsMs: readonly number[];
  readonly processorMs: number;
}

/** Types into an expression in the middle of a file, one character after the other, over and over. */
function type(text: string, rounds: number): Typing {
  const typed = 'inputs.list[0].email';
  const middle = text.indexOf('${{ person.', Math.floor(text.length / 2)) + 4;
  let project = LanguageProject.of([...around, { path, text }], { secrets: ['PEOPLE_API'] });
  const keysMs: number[] = [];
  const completionsMs: number[] = [];
  let processorMs = 0;
  // The first ones find code that isn't compiled yet.
  for (let round = -20; round < rounds; round += 1) {
    const length = 1 + ((round + 20) % typed.length);
    const changed = text.slice(0, middle) + typed.slice(0, length) + text.slice(middle);
    const startedAtMs = performance.now();
    const processor = process.cpuUsage();
    project = project.with({ path, text: changed });
    diagnosticsOf(project, path);
    const readAtMs = performance.now();
    const { user, system } = process.cpuUsage(processor);
    complete(project, path, middle + length);
    const endedAtMs = performance.now();
    if (round < 0) continue;
    keysMs.push(readAtMs - startedAtMs);
    completionsMs.push(endedAtMs - readAtMs);
    processorMs += (user + system) / 1_000 / rounds;
  }
  return { keysMs, completionsMs, processorMs };
}
