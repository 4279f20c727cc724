import assert from 'node:assert/strict';
import fc from 'fast-check';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { byPrettier, Formatter } from '../../../../extension/language/server/formatter.ts';
import type { LanguageFile } from '../../../../schemas/language/language-file.ts';
import { LanguageProject } from '../../../../schemas/language/language-project.ts';
import { textPieces } from '../../../../schemas/language/text-pieces.ts';
import { applyEdits } from '../../../support/apply-edits.ts';

const root = path.resolve(import.meta.dirname, '../../../..');
const examples = globSync('examples/*/.sluice/**/*.yaml', { cwd: root }).map((example) => readFileSync(path.join(root, example), 'utf8'));
const workflow = 'name: Two\n\nsteps:\n  one:\n    uses:  http/request\n    with: { url: a }\n\n\n  # the other\n  two:\n    uses: http/request\n    with: { url: b }\n';

/** Lines that mean something to the lines around them, at whatever depth they come to stand. */
const lines = ['', ' ', '# c', '  # c', '    # c', '# prettier-ignore', 'new: 1', '  new: 2', '    new: |+', '    new: &a 1', '    old: *a', '  b: |', '    x  ', 'z: "q', '  y"', '  t: a', '  z: {', '  a: 1 }', '? k', ': v', '---', '\t'];
const insertion = fc.record({ at: fc.nat(100), inserted: fc.array(fc.constantFrom(...lines), { minLength: 1, maxLength: 3 }) });
const mess = fc.constantFrom<(text: string) => string>((text) => text, (text) => text.replace(/\n/g, '\r\n'), (text) => text.replace(/^( +)/gm, '$1$1'), (text) => text.replace(/: /g, ':   '), (text) => text.replace(/\n(?= +\w+:\n)/g, '\n\n\n'));
const untidy = fc.tuple(fc.constantFrom(...examples), fc.array(insertion, { maxLength: 3 }), mess).map(([example, insertions, disturb]) => {
  const all = example.split('\n');
  for (const { at, inserted } of insertions) all.splice(at % all.length, 0, ...inserted);
  return disturb(all.join('\n'));
});

function read(text: string): LanguageFile {
  const file = LanguageProject.of([{ path: '.sluice/workflows/a.yaml', text }], { partial: true }).files.get('.sluice/workflows/a.yaml');
  assert.ok(file);
  return file;
}

/** Formats by the real formatter, and counts what it is asked for. */
function counting(): { readonly formatter: Formatter; readonly asked: string[] } {
  const asked: string[] = [];
  const formatter = new Formatter(async (source) => {
    asked.push(source);
    return byPrettier(source);
  });
  return { formatter, asked };
}

const never = (): boolean => false;

async function formatted(text: string): Promise<string> {
  return applyEdits(text, await new Formatter().format(read(text), never));
}

describe('the formatter', () => {
  it('writes piece by piece what it would write of the whole', async () => {
    let inPieces = 0;
    const property = fc.asyncProperty(untidy, async (text) => {
      if (textPieces(read(text).document).length > 1) inPieces += 1;
      assert.equal(await formatted(text), await byPrettier(text).then((laidOut) => (/\r?\n/.exec(text)?.[0] === '\r\n' ? laidOut.replace(/\n/g, '\r\n') : laidOut), () => text));
    });
    await fc.assert(property, { numRuns: Number(process.env['SLUICE_FUZZ_RUNS'] ?? 150) });
    assert.ok(inPieces > 20, `${inPieces} were laid out in pieces`);
  }).timeout(0);

  for (const [what, text] of Object.entries({
    'an alias of another step': 'steps:\n  a: &x\n    uses:   http/request\n  b: *x\n',
    'an alias of a map further in': 'a:\n  d: &x\n    p:   1\n    q: 2\nb: *x\n',
    'a piece that is not to be touched': 'a: 1\n# prettier-ignore\nb:\n  c:   1\n\n\n  d:   2\ne:   3\n',
    'blank lines that are text': 'a: |+\n  x\n\n\nb:   1\n',
    'the mark of a document': '---\na:   1\nb: 2\n',
    'an empty block of text': 'a:\n  b: |\n\n\n  c:   1\n',
    'a comment between two depths': 'a:\n  b:   1\n # of which?\nc: 2\n',
    'a key above its value': 'a:   1\n? b\n: c\n',
    'a lone CR': 'a:   1\rb: 2\nc: 3\n',
    'flow maps over several lines': 'a: {\n  b: 1,\n  c: 2 }\nd:   [\n  1, 2]\n',
    'no line break at the end': 'a:   1\nb:   2',
    'blank lines at both ends': '\n\na:   1\n\n\n\nb: 2\n\n\n',
  })) {
    it(`writes ${what} as the whole would be written`, async () => {
      const expected = await byPrettier(text);
      assert.notEqual(expected, text);
      assert.equal(await formatted(text), expected);
    });
  }

  it('keeps the line breaks of a file, and leaves one alone that is right but for them', async () => {
    const right = await byPrettier(workflow);
    const crlf = right.replace(/\n/g, '\r\n');
    assert.deepEqual(await new Formatter().format(read(crlf), never), []);
    assert.equal(await formatted(workflow.replace(/\n/g, '\r\n')), crlf);
    // Of mixed ones, those that it begins with.
    assert.equal(await formatted(crlf.replace('\r\n  one', '\n  one')), crlf);
  });

  it('leaves alone what is no YAML, and what is too long', async () => {
    assert.deepEqual(await new Formatter().format(read('a:   [1\nb: 2\n'), never), []);
    assert.deepEqual(await new Formatter().format(read(`a:   1\n#${' '.repeat(512 * 1024)}`), never), []);
  });

  it('changes only the pieces that are not as they should be', async () => {
    const edits = await new Formatter().format(read(workflow), never);
    assert.deepEqual(edits, [{ range: { start: { line: 2, character: 0 }, end: { line: 8, character: 0 } }, newText: 'steps:\n  one:\n    uses: http/request\n    with: { url: a }\n\n' }]);
  });

  it('lays out again only what was changed', async () => {
    const { formatter, asked } = counting();
    await formatter.format(read(workflow), never);
    assert.equal(asked.length, 3);
    asked.length = 0;
    const changed = workflow.replace('url: b', 'url:   c');
    assert.equal(applyEdits(changed, await formatter.format(read(changed), never)), await byPrettier(changed));
    assert.deepEqual(asked, ['k:\n  # the other\n  two:\n    uses: http/request\n    with: { url:   c }\n']);
  });

  it('stops when it is called off', async () => {
    const { formatter, asked } = counting();
    assert.deepEqual(await formatter.format(read(workflow), () => asked.length === 2), []);
    assert.equal(asked.length, 2);
  });

  it('keeps no more than its limit, and the latest of it', async () => {
    const asked: string[] = [];
    const formatter = new Formatter(async (source) => {
      asked.push(source.slice(0, 10));
      return Promise.resolve(source);
    });
    // 400,000 characters each, before and after: the limit is 4 Mi.
    const texts = Array.from({ length: 6 }, (_, index) => `# ${index}${' '.repeat(400_000)}\n`);
    for (const text of texts) await formatter.format(read(text), never);
    assert.equal(asked.length, 6);
    for (const index of [5, 0]) await formatter.format(read(texts[index] ?? ''), never);
    assert.deepEqual(asked.slice(6).map((text) => text.trim()), ['# 0']);
  });
});
