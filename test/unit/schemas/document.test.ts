import assert from 'node:assert/strict';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { entryAt, entryOf, maxDocumentLength, nodeAt, parseDocument, pathAt, toJson, type Document, type DocumentNode } from '../../../schemas/workflow/document.ts';
import { locator } from '../../../schemas/workflow/analysis/scalar-source.ts';
import type { SourceRange } from '../../../schemas/workflow/diagnostic.ts';
import type { Json } from '../../../schemas/workflow/json.ts';
import { processorMs } from '../../support/processor-time.ts';
import { english } from '../../../schemas/wording/language.ts';

function json(text: string): Json | undefined {
  const { root, diagnostics } = parseDocument(text);
  assert.deepEqual(diagnostics, []);
  return root && toJson(root);
}

function problems({ text, diagnostics }: Document): string[] {
  return diagnostics.map(({ code, range, message }) => `${code} at ${JSON.stringify(text.slice(range.start, range.end))}: ${english.textOf(message)}`);
}

function slice(text: string, range: SourceRange | undefined): string {
  assert.ok(range);
  return text.slice(range.start, range.end);
}

describe('parseDocument', () => {
  it('has an error where it was read in a wrong encoding', () => {
    const { diagnostics } = parseDocument('name: Gr\uFFFDn\nother: \uFFFD\n');
    assert.deepEqual(diagnostics.map(({ code, range }) => [code, range]), [['unreadable-file', { start: 8, end: 9 }]]);
    assert.match(english.paragraphOf(diagnostics.map(({ message }) => message)), /Save it as UTF-8/);
  });

  it('reads YAML 1.2: on, yes and no are text, and so are times and octals of 1.1', () => {
    assert.deepEqual(json('on: yes\na: no\nb: 12:30\nc: 010\nd: true\ne: ~\nf: 0o10'), { on: 'yes', a: 'no', b: '12:30', c: 10, d: true, e: null, f: 8 });
  });

  it('takes every key as text', () => assert.deepEqual(json('1: a\ntrue: b\nnull: c'), { 1: 'a', true: 'b', null: 'c' }));

  it('keeps a key __proto__ a key', () => {
    const value = json('__proto__: { a: 1 }');
    assert.deepEqual(Object.keys(value as object), ['__proto__']);
    assert.equal(({} as Record<string, unknown>)['a'], undefined);
  });

  it('knows where keys and values stand, behind a byte order mark and CR LF too', () => {
    for (const text of ['a:\n  - b: "x y"\n    c: [1, two]\n', '\uFEFFa:\r\n  - b: "x y"\r\n    c: [1, two]\r\n']) {
      const { root } = parseDocument(text);
      assert.equal(slice(text, entryAt(root, ['a', 0, 'b'])?.keyRange), 'b');
      assert.equal(slice(text, nodeAt(root, ['a', 0, 'b'])?.range), '"x y"');
      assert.equal(slice(text, nodeAt(root, ['a', 0, 'c'])?.range), '[1, two]');
      assert.equal(slice(text, nodeAt(root, ['a', 0, 'c', 1])?.range), 'two');
      assert.equal(nodeAt(root, ['a', 1]), undefined);
      assert.equal(nodeAt(root, ['a', 'b']), undefined);
    }
  });

  it('puts a value left out right behind its colon or key', () => {
    const entry = entryOf(parseDocument('a:\nb: 1').root, 'a');
    assert.equal(entry?.value.range.start, entry?.value.range.end);
    assert.ok((entry?.value.range.start ?? 9) <= 2);
  });

  it('finds the path at an offset', () => {
    const text = 'a:\n  - b: 1\n    c: 2\n';
    const { root } = parseDocument(text);
    assert.deepEqual(pathAt(root, text.indexOf('2')), ['a', 0, 'c']);
    assert.deepEqual(pathAt(root, text.indexOf('b')), ['a', 0, 'b']);
    assert.deepEqual(pathAt(root, 0), ['a']);
  });

  it('resolves aliases and <<, where the own key wins', () => {
    assert.deepEqual(json('a: &a { x: 1, y: 2 }\nb: *a\nc: { <<: *a, y: 3 }\nd: { <<: [*a, { x: 9, z: 4 }] }'), {
      a: { x: 1, y: 2 },
      b: { x: 1, y: 2 },
      c: { y: 3, x: 1 },
      d: { x: 1, y: 2, z: 4 },
    });
  });

  it('keeps a quoted << a key', () => assert.deepEqual(json('"<<": 1'), { '<<': 1 }));

  it('names duplicate keys, and keeps the first', () => {
    const document = parseDocument('a: 1\nb: { c: 1, c: 2 }\na: 3');
    assert.deepEqual(document.diagnostics.map(({ code, range }) => [code, range.start]), [['duplicate-key', 16], ['duplicate-key', 23]]);
    assert.deepEqual(document.root && toJson(document.root), { a: 1, b: { c: 1 } });
  });

  it('refuses a second document, tags, and aliases of nothing', () => {
    assert.deepEqual(problems(parseDocument('a: 1\n---\nb: 2')), [`yaml-syntax at "---": One file holds one document: take out what follows this '---'.`]);
    assert.match(problems(parseDocument('a: !env HOME')).join(), /yaml-syntax at "!env"/);
    assert.match(problems(parseDocument('a: *b')).join(), /yaml-syntax at "\*b"/);
  });

  for (const [what, text, expected] of [
    ['a line that is indented too far', 'a:\n  b: c\n    d: e\n  f: g\n', 'yaml-syntax at "d: e": This line is indented further than the one above it, which has its value already.'],
    ['a space that is missing behind a colon', 'a:\n  uses:http/request\n  d: e\n', 'yaml-syntax at "uses:http/request": A \':\' needs a space behind it: uses: http/request.'],
    ['a colon that is missing', 'a:\n  b c\n  d: e\n', "yaml-syntax at \"b c\\n  d\": A key is on one line, with a colon behind it. Is a ':' missing?"],
    ['a no-break space behind a colon', 'a:\n  b:\u00A0c\n  d: e\n', "yaml-syntax at \"b:\u00A0c\\n  d\": A key is on one line, with a colon behind it. Is a ':' missing? This line holds U+00A0 (no-break space), which can't be seen: take it out, or write a plain space."],
    ['a byte order mark in the middle', 'a: 1\n\uFEFF\nb: 2\n', 'yaml-syntax at "\uFEFF": Implicit map keys need to be followed by map values. This line holds U+FEFF (byte order mark), which can\'t be seen: take it out, or write a plain space.'],
    ['a no-break space in quotes, which is not the cause', 'a:\n  b "\u00A0"\n  d: e\n', "yaml-syntax at \"b \\\"\u00A0\\\"\\n  d\": A key is on one line, with a colon behind it. Is a ':' missing?"],
    ['a quote that is missing before an expression', 'a: { b: "${{ x }}, c: "${{ y }}" }\n', 'yaml-syntax at "\\"${{ y }}\\"": Before this place, a text in quotes has no end: a " is missing.'],
  ] as const) {
    it(`tells by one finding of ${what}`, () => assert.deepEqual(problems(parseDocument(text)), [expected]));
  }

  it('takes time in proportion to a line with thousands of bare expressions', () => {
    const { diagnostics } = parseDocument(`a: { ${'b ${{ x }} '.repeat(40_000)} }`);
    assert.equal(diagnostics.length, 1);
  });

  it('bounds what aliases repeat: a billion laughs', () => {
    const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
    for (let level = 1; level < 10; level += 1) lines.push(`a${level}: &a${level} [${Array.from({ length: 10 }, () => `*a${level - 1}`).join(', ')}]`);
    const { diagnostics } = parseDocument(lines.join('\n'));
    assert.deepEqual(diagnostics.map(({ code }) => code), ['too-large']);
  });

  it('bounds depth by aliases as well', () => {
    const lines = ['a0: &a0 x'];
    for (let level = 1; level < 100; level += 1) lines.push(`a${level}: &a${level} [*a${level - 1}]`);
    assert.ok(parseDocument(lines.join('\n')).diagnostics.some(({ code }) => code === 'too-deep'));
  });

  it('refuses what is too large', () => {
    assert.deepEqual(parseDocument(`a: ${'x'.repeat(maxDocumentLength)}`).diagnostics.map(({ code }) => code), ['too-large']);
    assert.deepEqual(parseDocument(`a: ${'x'.repeat(maxDocumentLength - 3)}`).diagnostics, []);
  });

  const rubbish: Readonly<Record<string, string>> = {
    'open brackets': '[',
    'open braces': '{',
    'block lists in each other': '- ',
    'explicit keys': '? ',
    'closing braces': '}',
    'anchors': '&a ',
    'tags': '!!x ',
    'documents': '---\n',
    'comments': '# x\n',
    'quotes': "'",
    'directives': '%a\n',
    'half lists': '[,',
    'keys on a line': '"a": ',
  };
  for (const [name, part] of Object.entries(rubbish)) {
    it(`ends soon on a megabyte of ${name}`, () => {
      const text = part.repeat(Math.floor(maxDocumentLength / part.length));
      const tookMs = processorMs(() => assert.ok(parseDocument(text).diagnostics.length <= 100));
      assert.ok(tookMs < 5_000, `${tookMs} ms`);
    });
  }

  it('takes many keys in one map in time that grows with them, not with their square', () => {
    const text = Array.from({ length: 50_000 }, (_, index) => `k${index}: 1`).join('\n');
    const tookMs = processorMs(() => assert.deepEqual(parseDocument(text).diagnostics, []));
    assert.ok(tookMs < 5_000, `${tookMs} ms`);
  });

  it('reads back whatever was written, with each value within the text', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        const text = stringify(value, { version: '1.2' });
        const { root, diagnostics } = parseDocument(text);
        assert.deepEqual(diagnostics, []);
        // -0 is written as it is, but JSON has no such number.
        assert.equal(JSON.stringify(root === undefined ? null : toJson(root)), JSON.stringify(value));
        if (root !== undefined) visit(root, ({ range }) => assert.ok(0 <= range.start && range.start <= range.end && range.end <= text.length));
      }),
    );
  });
});

describe('locator', () => {
  /** What the word `HERE` in the value is in the text. */
  function found(text: string): string {
    const node = nodeAt(parseDocument(text).root, ['a']);
    assert.ok(node?.kind === 'scalar' && typeof node.value === 'string', text);
    const at = node.value.indexOf('HERE');
    assert.ok(at >= 0, text);
    const range = locator(text, node)({ start: at, end: at + 4 });
    assert.equal(range.start, text.indexOf('HERE'), `${text}: ${JSON.stringify(range)}`);
    return text.slice(range.start, range.end);
  }

  const texts: Readonly<Record<string, string>> = {
    plain: 'a: x HERE y',
    'plain over lines': 'a: x\n  y\n\n  HERE y',
    'single-quoted': "a: 'it''s ''HERE'''",
    'single-quoted over lines': "a: 'x\n\n  y HERE'",
    'double-quoted': 'a: "\\t\\"\\x41\\u00e9\\U0001F600\\\\ HERE"',
    'double-quoted over lines': 'a: "x \\\n   y\n   HERE \\n"',
    'double-quoted with a literal emoji': 'a: "😀 HERE"',
    literal: 'a: |\n   x\n     y HERE\n',
    'literal with comment and indicator': 'a: |2- # why\n    x\n  HERE\n',
    'literal with CR LF': 'a: |\r\n  x\r\n  y HERE\r\n',
    folded: 'a: >\n  x\n  y\n\n  HERE z\n',
    'folded with indented lines': 'a: >-\n  x\n    y\n    HERE\n  z\n',
    'an alias': 'b: &b "\\t HERE"\na: *b',
  };
  for (const [name, text] of Object.entries(texts)) {
    it(`is exact in ${name}`, () => assert.equal(found(text), 'HERE'));
  }

  it('spans an escape as a whole', () => {
    const text = 'a: "x\\u00e9y"';
    const node = nodeAt(parseDocument(text).root, ['a']);
    assert.ok(node?.kind === 'scalar');
    assert.equal(slice(text, locator(text, node)({ start: 1, end: 2 })), '\\u00e9');
  });

  it('finds any word in any text that is written in any style', () => {
    const styles = fc.constantFrom('PLAIN', 'QUOTE_SINGLE', 'QUOTE_DOUBLE', 'BLOCK_LITERAL', 'BLOCK_FOLDED');
    const parts = fc.array(fc.constantFrom('x', ' ', '\n', '"', "'", '\\', '\t', 'é', '😀', ': ', ' #', '{', '${{ a }}'), { maxLength: 25 });
    fc.assert(
      fc.property(parts, parts, styles, fc.constantFrom(0, 20, 80), (before, after, defaultStringType, lineWidth) => {
        const value = `${before.join('')}HERE${after.join('')}`;
        const text = stringify({ a: value }, { defaultStringType, lineWidth });
        const node = nodeAt(parseDocument(text).root, ['a']);
        if (node?.kind !== 'scalar' || node.value !== value) return;
        const at = value.indexOf('HERE');
        const range = locator(text, node)({ start: at, end: at + 4 });
        // A word can be broken over two lines in double quotes.
        assert.equal(text.slice(range.start, range.end).replace(/\\\n *\\?/g, ''), 'HERE', JSON.stringify({ text, range }));
      }),
      { numRuns: 2_000 },
    );
  });
});

function visit(node: DocumentNode, each: (node: DocumentNode) => void): void {
  each(node);
  if (node.kind === 'list') for (const item of node.items) visit(item, each);
  if (node.kind === 'map') for (const { value } of node.entries) visit(value, each);
}
