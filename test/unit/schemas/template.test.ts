import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Json } from '../../../schemas/workflow/json.ts';
import {
  escapeTemplateText, expressionsOf, fillSecrets, type FilledPart, parseCondition, parseTemplate, referencesOf, renderTemplate, secretsOf, splitTemplateText,
  type Rendered, type RenderError, type Template,
} from '../../../schemas/workflow/template.ts';

function parsed(value: Json): Template {
  const result = parseTemplate(value);
  assert.ok(result.ok, JSON.stringify(result));
  return result.template;
}

function rendered(value: Json, scope: Record<string, unknown> = {}): Rendered {
  const result = renderTemplate(parsed(value), scope);
  assert.ok(result.ok, JSON.stringify(result));
  return result.rendered;
}

function renderError(value: Json, scope: Record<string, unknown> = {}): RenderError {
  const result = renderTemplate(parsed(value), scope);
  assert.ok(!result.ok);
  return result.error;
}

describe('the text of a template', () => {
  const sources: [string, readonly string[]][] = [
    ['${{ a }}', ['a']],
    ['x${{a}}y${{  b  }}', ['a', 'b']],
    ["${{ 'a}}b' }}", ["'a}}b'"]],
    ["${{ {'a': {'b': 1}} }}", ["{'a': {'b': 1}}"]],
    ["${{ {'a': {'b': 1}}}}", ["{'a': {'b': 1}}"]],
    ['${{ "it\'s }} \\" }}" }}', ['"it\'s }} \\" }}"']],
    ["${{ '''a'}}b''' }}", ["'''a'}}b'''"]],
    ["${{ a // it's }} ${{ b }}", ["a // it's", 'b']],
    ["${{ a // it's\n + b }}", ["a // it's\n + b"]],
    ['$${{ a }} ${{ b }}', ['b']],
    ['$$ {{ a }} ${ b }', []],
    ['', []],
  ];
  for (const [text, expected] of sources) {
    it(`finds the expressions of ${JSON.stringify(text)}`, () => {
      const split = splitTemplateText(text);
      assert.ok(split.ok);
      const found = split.parts.filter((part) => part.kind === 'expression');
      assert.deepEqual(found.map(({ source }) => source), expected);
      for (const { source, start, range } of found) {
        assert.equal(text.slice(start, start + source.length), source);
        assert.match(text.slice(range.start, range.end), /^\$\{\{[^]*\}\}$/);
      }
    });
  }

  for (const text of ['a ${{ b', '${{ {a }}', "${{ it's }}", '${{ a }']) {
    it(`refuses ${JSON.stringify(text)}, which has no end`, () => {
      const split = splitTemplateText(text);
      assert.ok(!split.ok);
      assert.equal(text.slice(split.range.start, split.range.end), '${{');
    });
  }

  it('stays as it is when it is escaped', () => {
    fc.assert(fc.property(fc.array(fc.constantFrom('${{', '}}', '$', '{', 'a', ' ', "'")).map((parts) => parts.join('')), (text) => {
      assert.equal(rendered(escapeTemplateText(text)).value, text);
    }));
  });
});

describe('a template', () => {
  it('keeps the type of a value that is one expression', () => {
    const scope = { inputs: { n: 2, list: [1, 'a', null], yes: true } };
    assert.deepEqual(rendered(['${{ inputs.n + 1 }}', '${{ inputs.list }}', '${{ inputs.yes }}', '${{ inputs.n }}\n'], scope).value, [3, [1, 'a', null], true, 2]);
  });

  it('makes text of everything in mixed text', () => {
    const scope = { a: 'text', b: null, c: 1.5, d: true, e: { f: [1] } };
    assert.equal(rendered('${{ a }}|${{ b }}|${{ c }}|${{ d }}|${{ e }}|${{ 2 }} ', scope).value, 'text||1.5|true|{"f":[1]}|2 ');
  });

  it('is literal without expressions, and renders to the very same value', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => {
      fc.pre(!JSON.stringify(value).includes('${{'));
      const template = parsed(value as Json);
      assert.equal(template.kind, 'literal');
      const result = renderTemplate(template, {});
      assert.ok(result.ok);
      assert.equal(result.rendered.value, value);
      assert.deepEqual(result.rendered.secrets, []);
    }));
  });

  it('leaves literal data beside expressions as it is', () => {
    fc.assert(fc.property(fc.jsonValue(), fc.jsonValue(), (data, item) => {
      fc.pre(!JSON.stringify(data).includes('${{'));
      const result = rendered({ data: data as Json, item: '${{ item }}' }, { item });
      assert.deepEqual(result, { value: { data, item: Object.is(item, -0) ? 0 : item }, secrets: [] });
    }));
  });

  it('turns `$${{` into a literal, also if there is no expression at all', () => {
    assert.deepEqual(rendered({ a: ['$${{ x }}'] }).value, { a: ['${{ x }}'] });
  });

  it('knows its expressions and what they read', () => {
    const template = parsed({ a: 'x ${{ item.email }} ${{ secrets.A }}', b: ['${{ steps.s.output.id + 1 }}', 1] });
    assert.deepEqual(expressionsOf(template).map(({ source }) => source), ['item.email', 'secrets.A', 'steps.s.output.id + 1']);
    assert.deepEqual(referencesOf(template).map(({ path }) => path.join('.')), ['item.email', 'secrets.A', 'steps.s.output.id']);
    assert.deepEqual(secretsOf(template), ['A']);
  });

  it('reports every error with its place in the string', () => {
    const result = parseTemplate({ a: 'x ${{ 1 + }}', b: ['${{ no(1) }}', '${{ open'], c: '${{ }}' });
    assert.ok(!result.ok);
    assert.deepEqual(result.errors.map(({ path, kind }) => [path.join('.'), kind]), [['a', 'syntax'], ['b.0', 'unknown-function'], ['b.1', 'unclosed'], ['c', 'syntax']]);
    assert.deepEqual(result.errors[1]?.range, { start: 4, end: 9 });
    assert.deepEqual(result.errors[3]?.range, { start: 0, end: 6 });
  });

  it('says where, what and why when it can not be rendered', () => {
    const error = renderError({ headers: { authorization: ['x', 'Bearer ${{ item.tokn }}'] } }, { item: { token: 'x' } });
    assert.deepEqual(error.path, ['headers', 'authorization', 1]);
    assert.equal(error.source, 'item.tokn');
    assert.equal(error.error.kind, 'missing');
    assert.match(error.message, /^headers\.authorization\[1\]: \$\{\{ item\.tokn \}\} .*Did you mean 'item\.token'\?$/);
  });

  it('keeps `__proto__` a key like any other', () => {
    const value = rendered(JSON.parse('{"__proto__": "${{ item }}", "a": 1}') as Json, { item: 'x' }).value;
    assert.equal(JSON.stringify(value), '{"__proto__":"x","a":1}');
    assert.equal(Object.getPrototypeOf(value), Object.prototype);
  });
});

/** Fills in what `nameOf` makes of the names of secrets and signals. */
const filledBy = (nameOf: (name: string) => string) => (part: FilledPart): string => nameOf('secret' in part ? part.secret : part.signal);

describe('a link in a template', () => {
  it('stays a reference when rendered, with the name that its expression gives, and is filled in only at its place', () => {
    const result = rendered({ text: "Dear ${{ item.name }}: ${{ signalUrl('approve-' + item.id) }}", link: "${{ signalUrl(\"it's\") }}" }, { item: { id: '7', name: "${{ signalUrl('approve-7') }}" } });
    assert.deepEqual(result.value, { text: "Dear ${{ signalUrl('approve-7') }}: ${{ signalUrl('approve-7') }}", link: "${{ signalUrl('it\\'s') }}" });
    assert.deepEqual(result.secrets, [{ path: ['text'], parts: ["Dear ${{ signalUrl('approve-7') }}: ", { signal: 'approve-7' }] }, { path: ['link'], parts: [{ signal: "it's" }] }]);
    assert.deepEqual(fillSecrets(result, filledBy((name) => `<${name}>`)), { text: "Dear ${{ signalUrl('approve-7') }}: <approve-7>", link: "<it's>" });
  });

  for (const [text, reason] of [["${{ 'x' + signalUrl('a') }}", /stand alone/], ['${{ signalUrl(item) }}', /name of a signal is text/], ["${{ signalUrl('') }}", /name of a signal is text/], ['${{ signalUrl(item.b) }}', /doesn't exist|has no field/]] as const) {
    it(`is none in ${text}`, () => {
      assert.match(renderError(text, { item: { a: 1 } }).message, reason);
    });
  }
});

describe('a secret in a template', () => {
  const template = { url: 'https://a', headers: { authorization: 'Bearer ${{ secrets.TOKEN }}!', 'x-key': '${{secrets.KEY}}' }, to: ['${{ item.email }}'] };

  it('stays a reference when rendered, and is filled in only at its place', () => {
    const result = rendered(template, { item: { email: '${{ secrets.TOKEN }}' } });
    assert.deepEqual(result.value, {
      url: 'https://a',
      headers: { authorization: 'Bearer ${{ secrets.TOKEN }}!', 'x-key': '${{ secrets.KEY }}' },
      to: ['${{ secrets.TOKEN }}'],
    });
    assert.deepEqual(result.secrets, [
      { path: ['headers', 'authorization'], parts: ['Bearer ', { secret: 'TOKEN' }, '!'] },
      { path: ['headers', 'x-key'], parts: [{ secret: 'KEY' }] },
    ]);
    assert.deepEqual(fillSecrets(result, filledBy((name) => `<${name}>`)), {
      url: 'https://a',
      headers: { authorization: 'Bearer <TOKEN>!', 'x-key': '<KEY>' },
      to: ['${{ secrets.TOKEN }}'],
    });
    assert.deepEqual((result.value as { headers: Json }).headers, { authorization: 'Bearer ${{ secrets.TOKEN }}!', 'x-key': '${{ secrets.KEY }}' }, 'the original is untouched');
  });

  it('does not spread to data beside it in the same text', () => {
    const result = rendered('${{ item }} ${{ secrets.A }}', { item: '${{ secrets.B }}' });
    assert.equal(fillSecrets(result, filledBy((name) => `<${name}>`)), '${{ secrets.B }} <A>');
  });

  it('is not put through filling again, whatever its value looks like', () => {
    const result = rendered({ a: '${{ secrets.A }}', b: '${{ secrets.B }}' });
    assert.deepEqual(fillSecrets(result, filledBy((name) => `${name} \${{ secrets.A }} $&`)), { a: 'A ${{ secrets.A }} $&', b: 'B ${{ secrets.A }} $&' });
  });

  it('is left alone where somebody has edited the payload', () => {
    const { secrets } = rendered(template, { item: { email: 'e' } });
    const value = { headers: { authorization: 'Bearer mine' }, to: 'x' };
    assert.deepEqual(fillSecrets({ value, secrets }, () => 'S'), value);
  });

  it('is filled in without touching anything else', () => {
    fc.assert(fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.string(), (data, secret) => {
      const result = rendered({ data: '${{ item }}', 's e': ['${{ secrets.A }}'] }, { item: data });
      assert.deepEqual(JSON.stringify(fillSecrets(result, () => secret)), JSON.stringify({ data, 's e': [secret] }));
    }));
  });

  for (const text of ["${{ secrets.A + 'x' }}", '${{ toJSON(secrets) }}', 'a ${{ secrets }}', "${{ default(secrets.A, '') }}", '${{ has(secrets.A) }}', '${{ [secrets.A] }}', '${{ secrets.A.b }}']) {
    it(`can't be used as in ${text}`, () => {
      assert.match(renderError({ a: text }).message, /^a: .*A secret can only stand alone/);
    });
  }
});

describe('a condition', () => {
  it('may have braces or not, and says where its expression stands', () => {
    for (const [text, offset] of [['item.x > 1', 0], ['${{ item.x > 1 }}', 4], ['  ${{item.x > 1}}\n', 5]] as const) {
      const result = parseCondition(text);
      assert.ok(result.ok);
      assert.equal(result.expression.source, 'item.x > 1');
      assert.equal(result.offset, offset);
    }
  });

  it('is refused with a range in the text', () => {
    const result = parseCondition('${{ nope(1) }}');
    assert.ok(!result.ok);
    assert.deepEqual(result.error.range, { start: 4, end: 11 });
    for (const text of ['${{ a }} && b', '${{ a', '']) assert.ok(!parseCondition(text).ok, text);
  });
});
