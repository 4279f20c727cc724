import { LanguageBench } from '../support/language-bench.ts';
import type { Bench, Figure } from './figure.ts';
import { questions } from './language-questions.ts';
import { filesAround, longWorkflow } from './long-workflow.ts';
import { percentile, timed } from './sample.ts';

const file = '.sluice/workflows/long.yaml';
const linesOfQuestions = 1_000;

/** What a person feels who types: over LSP, with the real waiting time before diagnostics. */
export const languageServer: Bench = async ({ quick, progress }) => {
  const rounds = quick ? 10 : 100;
  const figures: Figure[] = [];
  for (const [lines, targetMs] of [[300, 50], [2_000, 200]] as const) {
    const bench = await opened(lines);
    const shown = await sampled(rounds, async (round) =>
      timed(async () => {
        await typeKey(bench, round);
        await bench.diagnostics(file);
      }),
    );
    await bench.stop();
    progress(`${lines} lines done`);
    figures.push({ what: `diagnostics after a keystroke, ${lines.toLocaleString('en')} lines, p95`, value: percentile(shown, 0.95), unit: 'ms', target: { atMost: targetMs } });
  }
  for (const [what, ask] of Object.entries(questions)) {
    // A server of its own, so that none finds what another has prepared.
    const bench = await opened(linesOfQuestions);
    const answered = await sampled(Math.ceil(rounds / 4), async (round) => {
      await typeKey(bench, round);
      return timed(async () => ask(bench, file));
    }, async () => bench.diagnostics(file));
    await bench.stop();
    progress(what);
    figures.push({ what: `${what}, p95`, value: percentile(answered, 0.95), unit: 'ms', target: { atMost: 100 }, note: `${linesOfQuestions.toLocaleString('en')} lines, right after a keystroke` });
  }
  return figures;
};

async function opened(lines: number): Promise<LanguageBench> {
  const bench = await LanguageBench.start({
    files: filesAround,
    delay: (run, delayMs) => {
      const timer = setTimeout(run, delayMs);
      return () => clearTimeout(timer);
    },
  });
  await bench.open(file, longWorkflow(lines));
  await bench.diagnostics(file);
  return bench;
}

/** One more letter in a URL, each time of another step. */
async function typeKey(bench: LanguageBench, round: number): Promise<void> {
  const text = bench.textOf(file);
  const at = text.indexOf('/people/', Math.floor((text.length * (round % 10)) / 11)) + '/people'.length;
  await bench.edit(file, at, at, 'x');
}

/** What each round says that it took, in milliseconds. The first ones find code that isn't compiled yet. */
async function sampled(rounds: number, work: (round: number) => Promise<number>, between: () => Promise<unknown> = () => Promise.resolve()): Promise<readonly number[]> {
  const samples: number[] = [];
  const warmUp = 20;
  for (let round = 0; round < warmUp + rounds; round += 1) {
    const tookMs = await work(round);
    await between();
    if (round >= warmUp) samples.push(tookMs);
  }
  return samples;
}
