/**
 * `npm run demo`: builds the command and runs the three examples at their small size, each against real servers on this machine, in a
 * copy of its folder. Ends with what those servers saw, in a table; exit code 1 where that isn't what it should be.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { campaign } from '../examples/campaign/campaign.ts';
import { dealClosed } from '../examples/deal-closed/deal-closed.ts';
import { enrichment } from '../examples/enrichment/enrichment.ts';
import { formatMs, type ExampleContext, type ExampleReport } from '../examples/running/example.ts';
import { Interruption } from '../examples/running/interruption.ts';
import { Narrator } from '../examples/running/narrator.ts';
import { isPassed, tellFindings, tellTable, type FinishedExample } from '../examples/running/report-text.ts';

interface Act {
  readonly name: string;
  readonly title: string;
  readonly run: (context: ExampleContext) => Promise<ExampleReport>;
}

/** On a slow machine with two cores it takes half as long. Then something hangs, and a person has waited long enough. */
const limitMs = 108_000;
const root = path.resolve(import.meta.dirname, '..');

const acts: readonly Act[] = [
  { ...campaign, run: (context) => campaign.run(campaign.small, context) },
  { ...dealClosed, run: (context) => dealClosed.run(dealClosed.small, context) },
  { ...enrichment, run: (context) => enrichment.run(enrichment.small, context) },
];

async function main(): Promise<number> {
  const narrator = new Narrator();
  const interruption = new Interruption(limitMs);
  const startedAt = performance.now();
  try {
    narrator.line(narrator.style('bold', 'Three jobs against real servers that limit, fail and recover. About a minute.'));
    if (!(await build(narrator))) return 1;
    const finished: FinishedExample[] = [];
    for (const [index, act] of acts.entries()) {
      narrator.title(`${index + 1} of ${acts.length}  ${act.title}`);
      finished.push(await perform(act, { narrator, signal: interruption.signal }));
      if (interruption.name !== undefined) return interruption.exitCode;
      if (interruption.signal.aborted) break;
    }
    narrator.title('What the servers saw');
    tellTable(finished, narrator);
    return conclude(finished, narrator, performance.now() - startedAt);
  } finally {
    interruption.end();
  }
}

async function build(narrator: Narrator): Promise<boolean> {
  const child = spawn(process.execPath, [path.join(root, 'scripts', 'build.ts')], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) narrator.line('The command could not be built.');
  return code === 0;
}

async function perform({ name, run }: Act, context: ExampleContext): Promise<FinishedExample> {
  const startedAt = performance.now();
  const tookMs = (): number => performance.now() - startedAt;
  try {
    const report = await run(context);
    tellFindings(report, context.narrator);
    return { name, report, tookMs: tookMs() };
  } catch (error) {
    const reason: unknown = context.signal.aborted ? context.signal.reason : error;
    context.narrator.event(reason instanceof Error ? reason.message : String(reason), 'red');
    return { name, tookMs: tookMs() };
  }
}

function conclude(finished: readonly FinishedExample[], narrator: Narrator, tookMs: number): number {
  const failed = finished.filter((example) => !isPassed(example)).map(({ name }) => name);
  narrator.line();
  if (failed.length > 0) {
    narrator.line(narrator.style('red', `✗ Not as it should be: ${failed.join(', ')}. Took ${formatMs(tookMs)}.`));
    return 1;
  }
  narrator.line(narrator.style('green', `✓ All as it should be, in ${formatMs(tookMs)}. Nothing of it runs on, or is left behind.`));
  narrator.line('  What ran: examples/*/.sluice. Full size: node examples/campaign/run.ts --full');
  return 0;
}

process.exitCode = await main();
