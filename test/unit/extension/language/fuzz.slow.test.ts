import assert from 'node:assert/strict';
import fc from 'fast-check';
import { globSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { BoundedThread, TooMuchWork } from '../../../support/bounded-thread.ts';
import type { FuzzedText } from '../../../support/language-fuzz-program.ts';

const root = path.resolve(import.meta.dirname, '../../../..');
const seeds = globSync('examples/*/.sluice/workflows/*.yaml', { cwd: root }).map((file) => readFileSync(path.join(root, file), 'utf8'));
const pieces = ['${{', '}}', '"', "'", ': ', '\n', '\n  ', '- ', '[', ']', '{', '}', '|', '>', '&a', '*a', '#', '\t', '\u0000', '\uD800', 'steps.', 'inputs', '%', '<<: *a', '\r', '(', ')', ' ? ', ', '];
const program = new URL('../../../support/language-fuzz-program.ts', import.meta.url);
const runs = Number(process.env['SLUICE_FUZZ_RUNS'] ?? 150);

interface Edit {
  readonly at: number;
  readonly remove: number;
  readonly insert: string;
}

const share = fc.double({ min: 0, max: 1, noNaN: true });
const edit: fc.Arbitrary<Edit> = fc.record({ at: share, remove: fc.integer({ min: 0, max: 40 }), insert: fc.constantFrom(...pieces, '') });
const mutated = fc.tuple(fc.constantFrom(...seeds), fc.array(edit, { minLength: 1, maxLength: 6 })).map(([seed, edits]) => edits.reduce(edited, seed));
/** A thousand times the same is what shows work that grows with the square of the text. */
const repeated = fc
  .tuple(fc.constantFrom(...seeds), share, fc.array(fc.constantFrom(...pieces), { minLength: 1, maxLength: 3 }))
  .map(([seed, at, unit]) => edited(seed, { at, remove: 0, insert: unit.join('').repeat(2_000) }));

function edited(text: string, { at, remove, insert }: Edit): string {
  const start = Math.floor(at * text.length);
  return text.slice(0, start) + insert + text.slice(start + remove);
}

/** Asks everything about texts, each within what it may take of the processor. A text that takes more is shown as it is: to shrink it would take as long each time. */
async function askAbout(texts: fc.Arbitrary<string>, numRuns: number, maxMs: number): Promise<void> {
  const thread = new BoundedThread(program, maxMs);
  let tooMuch: unknown;
  const property = fc.asyncProperty(texts, share, async (text, where) => {
    if (tooMuch !== undefined) return;
    const fuzzed: FuzzedText = { text, offset: Math.floor(where * text.length) };
    const faults = await thread.ask(fuzzed).catch((error: unknown) => {
      if (error instanceof TooMuchWork) tooMuch = error;
      throw error;
    });
    if ((faults as unknown[]).length > 0) await thread.stop();
    assert.deepEqual(faults, []);
  });
  try {
    await fc.assert(property, { numRuns });
  } finally {
    await thread.stop();
  }
}

describe('the language server, given whatever', () => {
  it('answers every question about mutated files without a fault, each file in a bounded time', async () => {
    await askAbout(mutated, runs, 5_000);
  }).timeout(0);

  it('answers every question about thousands of the same signs without a fault, each file in a bounded time', async () => {
    await askAbout(repeated, Math.ceil(runs / 10), 20_000);
  }).timeout(0);

  it('answers about what is nested thousands deep', async () => {
    await askAbout(fc.constantFrom(`steps:\n  a: ${'steps.: : '.repeat(4_000)}`, `steps: ${'['.repeat(100_000)}`, `steps: ${'{ a: '.repeat(20_000)}`), 6, 5_000);
  });

  it('has all texts read by one yaml: that which its library asks for takes time with the square of a line', () => {
    const resolved = [import.meta.url, import.meta.resolve('yaml-language-server')].map((from) => createRequire(from).resolve('yaml'));
    assert.equal(resolved[0], resolved[1]);
  });

  it('answers about thousands of aliases', async () => {
    await askAbout(fc.constant('b: *a\n'.repeat(8_000)), 1, 10_000);
  });

  it('would not wait for ever (control)', async () => {
    const thread = new BoundedThread(new URL('../../../support/endless-program.ts', import.meta.url), 200);
    await assert.rejects(thread.ask('the answer'), TooMuchWork);
    await thread.stop();
  });
});
