import { CompletionRequest } from 'vscode-languageserver/node';
import { LanguageBench } from '../support/language-bench.ts';
import type { Bench, Figure } from './figure.ts';
import { percentile, timed } from './sample.ts';

const file = '.sluice/workflows/long.yaml';

/** What a person feels who types: over LSP, with the real waiting time before diagnostics. */
export const languageServer: Bench = async ({ quick, progress }) => {
  const figures: Figure[] = [];
  for (const [lines, limitMs] of [[300, 50], [1000, 100], [2000, 200]] as const) {
    const bench = await LanguageBench.start({
      delay: (run, delayMs) => {
        const timer = setTimeout(run, delayMs);
        return () => clearTimeout(timer);
      },
    });
    await bench.open(file, workflowOf(lines));
    await bench.diagnostics(file);
    const diagnostics: number[] = [];
    const completions: number[] = [];
    // The first ones find code that isn't compiled yet.
    for (let round = -20; round < (quick ? 20 : 100); round += 1) {
      const at = bench.textOf(file).indexOf('item_', Math.floor((bench.textOf(file).length * ((round + 20) % 10)) / 11));
      const shownMs = await timed(async () => {
        await bench.edit(file, at, at, 'x');
        await bench.diagnostics(file);
      });
      const completedMs = await timed(async () => bench.client.sendRequest(CompletionRequest.type, bench.at(file, { line: Math.floor(lines / 2), character: 4 })));
      if (round < 0) continue;
      diagnostics.push(shownMs);
      completions.push(completedMs);
    }
    await bench.stop();
    progress(`${lines} lines done`);
    figures.push(
      { what: `diagnostics after a keystroke, ${lines} lines, p95`, value: percentile(diagnostics, 0.95), unit: 'ms', ...(lines === 1000 ? {} : { target: { atMost: limitMs } }) },
      { what: `completion, ${lines} lines, p95`, value: percentile(completions, 0.95), unit: 'ms', ...(lines === 1000 ? { target: { atMost: limitMs } } : {}) },
    );
  }
  return figures;
};

/** Steps of ten lines each. */
function workflowOf(lines: number): string {
  const steps = Array.from({ length: Math.floor((lines - 3) / 10) }, (_, index) => `  step_${index}:\n    uses: http/request\n    timeout: 20s\n    if: \${{ size(inputs.list) > ${index} }}\n    with:\n      method: POST\n      url: https://example.com/item_${index}\n      json:\n        a: \${{ inputs.list.filter(x, x != null) }}\n        b: "Bearer \${{ inputs.list[${index}] }}"\n`);
  return `inputs:\n  list: { type: array }\nsteps:\n${steps.join('')}`;
}
