/** One mistake is one error: each place of files that are right is spoilt, one at a time. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { analyseProject, type ProjectFile } from '../../../schemas/workflow/analysis/analyse-project.ts';
import type { Diagnostic } from '../../../schemas/workflow/diagnostic.ts';
import { parseDocument, type DocumentNode, type MapEntry, type MapNode } from '../../../schemas/workflow/document.ts';
import { LineMap } from '../../../schemas/workflow/line-map.ts';
import { connectionsExample, workflowExample } from './example-files.ts';
import { english } from '../../../schemas/wording/language.ts';

interface Mistake {
  readonly kind: string;
  readonly start: number;
  readonly end: number;
  readonly by: string;
}

const root = path.resolve(import.meta.dirname, '../../..');

function exampleOf(name: string): readonly ProjectFile[] {
  const folder = path.join(root, 'examples', name);
  return globSync('.sluice/**/*.yaml', { cwd: folder }).sort().map((file) => ({ path: file.replaceAll(path.sep, '/'), text: readFileSync(path.join(folder, file), 'utf8') }));
}

const projects: readonly (readonly ProjectFile[])[] = [
  [{ path: '.sluice/workflows/w.yaml', text: workflowExample }, { path: '.sluice/connections.yaml', text: connectionsExample }],
  ...['enrichment', 'campaign', 'deal-closed'].map(exampleOf),
];

/** Every way to spoil a file, as a hand would. */
function* mistakesIn(text: string, node: DocumentNode | undefined, isRoot = true): Iterable<Mistake> {
  if (node === undefined) return;
  if (!isRoot) yield* valueMistakes(text, node);
  switch (node.kind) {
    case 'scalar':
      break;
    case 'list':
      for (const item of node.items) yield* mistakesIn(text, item, false);
      break;
    case 'map':
      for (const entry of node.entries) {
        yield* keyMistakes(text, node, entry);
        yield* mistakesIn(text, entry.value, false);
      }
  }
}

function* keyMistakes(text: string, map: MapNode, { key, keyRange: { start, end } }: MapEntry): Iterable<Mistake> {
  yield { kind: 'a slip in a key', start, end, by: `${key}x` };
  yield { kind: 'another key', start, end, by: 'zzzqqq' };
  yield { kind: 'a colon that is missing', start: end, end: end + 1, by: '' };
  const lineStart = text.lastIndexOf('\n', start) + 1;
  if (text[map.range.start] === '{' || start - lineStart < 2 || text.slice(lineStart, start).trim() !== '') return;
  yield { kind: 'a line that is indented by one too little', start: lineStart, end: lineStart + 1, by: '' };
  yield { kind: 'a line that is indented by two too little', start: lineStart, end: lineStart + 2, by: '' };
  yield { kind: 'a line that is indented by one too much', start: lineStart, end: lineStart, by: ' ' };
  yield { kind: 'a line that is indented by two too much', start: lineStart, end: lineStart, by: '  ' };
  yield { kind: 'a tab', start: lineStart, end: lineStart + 1, by: '\t' };
}

function* valueMistakes(text: string, { kind, range: { start, end } }: DocumentNode): Iterable<Mistake> {
  const written = text.slice(start, end);
  if (written === '') return;
  const lineBreak = written.endsWith('\n') ? '\n' : '';
  for (const [what, by] of [['a list', '[]'], ['a map', '{ a: 1 }'], ['nothing', '~'], ['a number', '-7'], ['a text', 'qqq zzz'], ['an empty text', '""'], ['a truth value', 'true']] as const) yield { kind: `${what} in place of a value`, start, end, by: by + lineBreak };
  if (/^[{[]/.test(written)) yield { kind: 'a bracket that is not opened', start, end: start + 1, by: '' };
  if (/[}\]]$/.test(written)) yield { kind: 'a bracket that is not closed', start: end - 1, end, by: '' };
  if (kind !== 'scalar') return;
  if (written.startsWith('"')) yield { kind: 'a quote that is missing', start: end - 1, end, by: '' };
  for (const expression of written.matchAll(/\$\{\{([^}]*)\}\}/g)) {
    const inside = start + expression.index + 3;
    const close = start + expression.index + expression[0].length;
    yield { kind: 'braces that are not closed', start: close - 2, end: close, by: '' };
    for (const { index, 0: word } of (expression[1] ?? '').matchAll(/[A-Za-z_]\w*/g)) {
      yield { kind: 'a slip in an expression', start: inside + index, end: inside + index + word.length, by: `${word}q` };
      yield { kind: 'another word in an expression', start: inside + index, end: inside + index + word.length, by: 'zzzqqq' };
    }
    for (const { index } of (expression[1] ?? '').matchAll(/[().,=!<>'[\]&|]/g)) yield { kind: 'a sign that is missing in an expression', start: inside + index, end: inside + index + 1, by: '' };
  }
}

function errorsOf(files: readonly ProjectFile[]): readonly (readonly [string, readonly Diagnostic[]])[] {
  return [...analyseProject(files).diagnostics].map(([file, list]) => [file, list.filter(({ severity }) => severity === 'error')] as const);
}

/** Where a line that moves by a whole level lands in another map that has its keys as well: what it was meant to be can't be told. */
const ambiguous: ReadonlySet<string> = new Set(['.sluice/workflows/w.yaml:32', '.sluice/workflows/w.yaml:36', '.sluice/workflows/w.yaml:49', '.sluice/queues.yaml:9', '.sluice/queues.yaml:11', '.sluice/workflows/deal_closed.yaml:45']);

describe('one mistake', () => {
  const all = projects.flatMap((files) => files.flatMap((file) => [...mistakesIn(file.text, parseDocument(file.text).root)].map((mistake) => ({ files, file, mistake }))));
  // All of them take half a minute: SLUICE_ALL_MISTAKES=1.
  const every = process.env['SLUICE_ALL_MISTAKES'] === '1' ? 1 : 4;
  const tried = all.filter((_, index) => index % every === 0);

  it('is made at every place of files that are right', () => {
    assert.ok(all.length > 4_000, `${all.length} mistakes`);
    for (const files of projects) assert.deepEqual(errorsOf(files).flatMap(([, errors]) => errors.map(({ message }) => message)), []);
  });

  for (const kind of new Set(all.map(({ mistake }) => mistake.kind))) {
    it(`is one error in a file: ${kind}`, () => {
      const several: string[] = [];
      let found = 0;
      for (const { files, file, mistake } of tried.filter((one) => one.mistake.kind === kind)) {
        const text = file.text.slice(0, mistake.start) + mistake.by + file.text.slice(mistake.end);
        for (const [name, errors] of errorsOf(files.map((one) => (one === file ? { ...file, text } : one)))) {
          found += errors.length;
          const place = `${name}:${new LineMap(file.text).positionAt(mistake.start).line}`;
          const isAmbiguous = kind.includes('indented by two') && ambiguous.has(place);
          if (errors.length > 1 && !isAmbiguous) several.push(`${place}: ${errors.map(({ code, message }) => `${code}: ${english.textOf(message)}`).join(' + ')}`);
        }
      }
      assert.ok(found > 0, 'none was found');
      assert.deepEqual(several.slice(0, 10), [], `${several.length} of ${tried.length}`);
    });
  }

  it('does not hide another one', () => {
    const right = 'inputs:\n  who: { type: string }\nqueues:\n  work: { concurrency: 1 }\nsteps:\n  one:\n    queue: work\n    timeout: 5s\n    foreach: { items: [1], as: row, on-item-failure: fail }\n    uses: http/request\n    with: { url: "https://a.example/${{ row }}", query: { who: "${{ inputs.who }}" } }\n  two:\n    needs: one\n    uses: http/request\n    with: { url: https://a.example }\n';
    const pairs: readonly (readonly [string, string])[] = [['concurrency: 1', 'concurency: 1'], ['timeout: 5s', 'timeout: 5 parsecs'], ['as: row', 'as: row, tolerat: 1'], ['inputs.who', 'inputs.whom'], ['needs: one', 'needs: onee'], ['url: https://a.example }', 'ulr: https://a.example }'], ['type: string', 'typ: string']];
    const errors = (text: string): number => errorsOf([{ path: 'a.sluice.yaml', text }]).reduce((sum, [, list]) => sum + list.length, 0);
    assert.equal(errors(right), 0);
    for (let some = 1; some < 1 << pairs.length; some += 1) {
      const made = pairs.filter((_, index) => (some & (1 << index)) !== 0);
      const text = made.reduce((spoilt, [from, to]) => spoilt.replace(from, to), right);
      assert.equal(errors(text), made.length, made.map(([, to]) => to).join(' + '));
    }
  });
});
