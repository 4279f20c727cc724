import assert from 'node:assert/strict';
import fc from 'fast-check';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { CodeActionRequest, CompletionRequest, DocumentSymbolRequest, FoldingRangeRequest, HoverRequest, SelectionRangeRequest, SignatureHelpRequest } from 'vscode-languageserver/node';
import { LanguageBench } from '../../../support/language-bench.ts';

const root = path.resolve(import.meta.dirname, '../../../..');
const seeds = globSync('examples/*/.sluice/workflows/*.yaml', { cwd: root }).map((file) => readFileSync(path.join(root, file), 'utf8'));
const file = '.sluice/workflows/fuzz.yaml';
const pieces = ['${{', '}}', '"', "'", ': ', '\n', '\n  ', '- ', '[', ']', '{', '}', '|', '>', '&a', '*a', '#', '\t', '\u0000', '\uD800', 'steps.', 'inputs', '%', '<<: *a', '\r'];

interface Edit {
  readonly at: number;
  readonly remove: number;
  readonly piece: string;
}

const edit: fc.Arbitrary<Edit> = fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), remove: fc.integer({ min: 0, max: 40 }), piece: fc.constantFrom(...pieces, '') });

describe('the language server, given whatever', () => {
  it('answers every question about mutated files without a fault', async () => {
    const bench = await LanguageBench.start();
    await bench.open(file, '');
    const property = fc.asyncProperty(fc.constantFrom(...seeds), fc.array(edit, { minLength: 1, maxLength: 6 }), fc.double({ min: 0, max: 1, noNaN: true }), async (seed, edits, where) => {
      const text = edits.reduce((changed, { at, remove, piece }) => {
        const start = Math.floor(at * changed.length);
        return changed.slice(0, start) + piece + changed.slice(start + remove);
      }, seed);
      await bench.replace(file, text);
      const lines = text.slice(0, Math.floor(where * text.length)).split('\n');
      const place = bench.at(file, { line: lines.length - 1, character: lines.at(-1)?.length ?? 0 });
      const { textDocument, position } = place;
      const { client } = bench;
      await Promise.all([
        client.sendRequest(CompletionRequest.type, place),
        client.sendRequest(HoverRequest.type, place),
        client.sendRequest(SignatureHelpRequest.type, place),
        client.sendRequest(DocumentSymbolRequest.type, { textDocument }),
        client.sendRequest(FoldingRangeRequest.type, { textDocument }),
        client.sendRequest(SelectionRangeRequest.type, { textDocument, positions: [position] }),
        client.sendRequest(CodeActionRequest.type, { textDocument, range: { start: position, end: position }, context: { diagnostics: [] } }),
        bench.diagnostics(file),
      ]);
      assert.deepEqual(bench.faults, []);
    });
    await fc.assert(property, { numRuns: Number(process.env['SLUICE_FUZZ_RUNS'] ?? 150) });
    await bench.stop();
  }).timeout(0);
});
