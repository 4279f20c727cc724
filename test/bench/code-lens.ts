import { lensesOf, type LensFacts, placesIn } from '../../extension/language/live/lenses.ts';
import { parseDocument } from '../../schemas/workflow/document.ts';
import { minutesAgo, now, queue, run, step } from '../unit/daemon/cli/protocol-samples.ts';
import type { Figure } from './figure.ts';
import { longWorkflow } from './long-workflow.ts';
import { median, percentile } from './sample.ts';

const path = '.sluice/workflows/bench.yaml';
const lines = 1_000;

/** What the lines above names cost after a key, with a run that has been through every step: the file is read again, and all of them are worded. */
export function codeLensFigures(rounds: number): readonly Figure[] {
  const text = `${longWorkflow(lines)}queues:\n  people: { rate: 600/min }\n`;
  const places = placesIn(path, parseDocument(text));
  const steps = places.steps.map(({ name }) => step({ id: name, state: 'failed', foreach: true, startedAt: minutesAgo(5), jobs: { total: 1_000, open: 20, succeeded: 970, dead: 10, cancelled: 0, discarded: 0 } }));
  const time = new Intl.DateTimeFormat('en', { hour: '2-digit', minute: '2-digit' });
  const facts: LensFacts = { folder: 'file:///bench', file: path, queue: (name) => queue({ name }), lastRun: run({ id: 'r12', steps }), errors: 0, nowMs: now, clock: (ms) => time.format(ms) };
  const samples: number[] = [];
  // The first ones find code that isn't compiled yet.
  for (let round = -20; round < rounds; round += 1) {
    const changed = text.replace('/people/', `/people${'x'.repeat(round + 20)}/`);
    const startedAtMs = performance.now();
    const lenses = lensesOf(placesIn(path, parseDocument(changed)), facts);
    if (round >= 0) samples.push(performance.now() - startedAtMs);
    // The workflow's two, one for each step, one for the queue.
    if (lenses.length !== steps.length + 3) throw new Error(`${lenses.length} lines above names, and not ${steps.length + 3}.`);
  }
  return [
    { what: `lines above names, ${lines.toLocaleString('en')} lines, p95`, value: percentile(samples, 0.95), unit: 'ms', target: { atMost: 100 }, note: `${steps.length} steps after a run, right after a keystroke` },
    { what: '… p50', value: median(samples), unit: 'ms' },
  ];
}
