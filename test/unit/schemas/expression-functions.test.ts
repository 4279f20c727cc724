import assert from 'node:assert/strict';
import fc from 'fast-check';
import { evaluateExpression, expressionCatalog, parseExpression, type ExpressionError, type Scope } from '../../../schemas/workflow/expression/expression.ts';
import { namespaces } from '../../../schemas/workflow/expression/function.ts';
import type { Json } from '../../../schemas/workflow/json.ts';

const scope: Scope = { inputs: { n: 2, people: [{ name: 'Bo', age: 7 }, { name: 'Al', age: 9 }, { name: 'Cy', age: 7 }] }, run: { id: 'run-1' }, job: { index: 0, key: 'a' }, $now: Date.UTC(2026, 1, 3, 10) };

function valueOf(source: string, within: Scope = scope): Json {
  const parsed = parseExpression(source);
  assert.ok(parsed.ok, `${source}: ${JSON.stringify(parsed)}`);
  const result = evaluateExpression(parsed.expression, within);
  assert.ok(result.ok, `${source}: ${JSON.stringify(result)}`);
  return result.value;
}

function errorOf(source: string): ExpressionError {
  const parsed = parseExpression(source);
  const result = parsed.ok ? evaluateExpression(parsed.expression, scope) : parsed;
  assert.ok(!result.ok, `${source} has a value`);
  return result.error;
}

describe('the example of a function', () => {
  for (const { name, kind, example: [source, value] } of expressionCatalog) {
    it(`is right: ${kind} ${name}`, () => {
      assert.ok(source.includes(name), source);
      if (value !== undefined) assert.deepEqual(valueOf(source), value);
      // A link is made when an attempt starts.
      else if (name !== 'signalUrl') assert.notEqual(valueOf(source), undefined);
    });
  }
});

describe('functions', () => {
  const values: Readonly<Record<string, Json>> = {
    // Lists and maps.
    "inputs.people.sortBy(p, p.age).map(p, p.name)": ['Bo', 'Cy', 'Al'],
    "inputs.people.sortBy(p, p.name).reverse().map(p, p.name)": ['Cy', 'Bo', 'Al'],
    "inputs.people.groupBy(p, string(p.age)).keys()": ['7', '9'],
    "inputs.people.groupBy(p, string(p.age)).transformMap(age, group, group.map(p, p.age).sum())": { 7: 14, 9: 9 },
    'inputs.people.map(p, p.age).max()': 9,
    "['b', 'a'].min()": 'a',
    '[].sum()': 0,
    'default([].first(), 1)': 1,
    '[[1, [2]], [3]].flatten(2)': [1, 2, 3],
    '[1, 1.0, {"a": 1}, {"a": 1}].distinct()': [1, { a: 1 }],
    '[1, 2].slice(1, 9)': [2],
    "{'__proto__': 1}.merge({'a': 2}).keys()": ['__proto__', 'a'],
    "[5, 6].transformList(i, x, i == 1, x)": [6],
    "['x', 'y'].all(i, x, i < 2 && x != '')": true,
    "{'a': 1, 'b': 2}.existsOne(key, value, value > 1)": true,
    "inputs.people.transformMapEntry(i, p, {p.name: i})": { Bo: 0, Al: 1, Cy: 2 },
    // Text.
    "'a😀b'.padStart(5, '😀')": '😀😀a😀b',
    "'abc'.padEnd(2)": 'abc',
    "'😀a😀'.reverse()": '😀a😀',
    "'😀a😀a'.indexOf('a', 2)": 3,
    "'aaa'.replace('a', 'b', 2)": 'bba',
    "'ab'.replace('', '-', 2)": '-a-b',
    "'ab'.replace('', '-')": '-a-b-',
    "'$1'.replace('1', '$&')": '$$&',
    "'STRASSE ÄÖ'.lower()": 'strasse äö',
    // Numbers.
    'math.round(2.5)': 3,
    'math.round(-2.5)': -3,
    'math.round(1.005, 2)': 1.01,
    'math.round(1e-7, 2)': 0,
    'math.round(-0.001, 2)': 0,
    'math.round(9007199254740991, 2)': 9007199254740991,
    "formatNumber(1.005, 2)": '1.01',
    "formatNumber(-0.001, 2)": '0.00',
    "formatNumber(3, 2)": '3.00',
    "string(math.abs(-9223372036854775807))": '9223372036854775807',
    // Encodings. RFC 4231 and RFC 2202 have the HMACs.
    "base64.decode(base64.encode('Zoë 😀'))": 'Zoë 😀',
    "base64.decode('YQ')": 'a',
    "url.decode(url.encode('ä&=/ 😀'))": 'ä&=/ 😀',
    "hmac('what do ya want for nothing?', 'Jefe')": '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    "hmac('what do ya want for nothing?', 'Jefe', 'sha1')": 'effcdf6ae5eb2fa2d27416d5f184df9c259a7c79',
    "hmac('what do ya want for nothing?', 'Jefe', 'sha256', 'base64')": 'W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=',
    "sha256('')": 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    // Times.
    "now().formatDate('EEEE, d MMMM yyyy')": 'Tuesday, 3 February 2026',
    "'2026-03-01'.formatDate('yyyy-MM-dd HH:mm', 'Asia/Tokyo')": '2026-03-01 00:00',
    "'2026-10-25T12:00:00Z'.startOf('day', 'Europe/Berlin')": '2026-10-24T22:00:00.000Z',
    "'2026-10-25T12:00:00Z'.endOf('day', 'Europe/Berlin')": '2026-10-25T22:59:59.999Z',
    "'2026-10-25'.until('2026-10-26', 'hours', 'Europe/Berlin')": 25,
    "'2026-10-24T10:00:00Z'.plus(1, 'day', 'Europe/Berlin')": '2026-10-25T11:00:00.000Z',
    "'2024-02-29'.plus(1, 'year')": '2025-02-28T00:00:00.000Z',
    "'2026-03-01'.minus(1, 'days')": '2026-02-28T00:00:00.000Z',
    "parseDate('1.3.26 14:05', 'd.M.yy HH:mm', 'Europe/Berlin')": '2026-03-01T13:05:00.000Z',
    "parseDate('2026-03-01T14:05:00+0200', \"yyyy-MM-dd'T'HH:mm:ssZZZ\")": '2026-03-01T12:05:00.000Z',
    "timestamp('2026-03-01T10:00:00Z').getHours('Asia/Kolkata')": 15,
    "timestamp('2026-03-01T10:00:00Z').getMinutes('+05:30')": 30,
    "now() - timestamp('2026-02-03')": '36000s',
    "'2026-02-01' < timestamp(now())": true,
    "duration('1h') + now()": '2026-02-03T11:00:00.000Z',
  };
  for (const [source, value] of Object.entries(values)) it(`gives: ${source}`, () => assert.deepEqual(valueOf(source), value));

  const errors: readonly (readonly [source: string, kind: ExpressionError['kind'], message: RegExp])[] = [
    ["['a', 1].sort()", 'type', /doesn't work on/],
    ['[null].sort()', 'type', /doesn't work on null/],
    ["['a'].sum()", 'type', /element 0 is text.*double/],
    ['[1.0, 9007199254740992.0].sum()', 'evaluation', /9007199254740993, is beyond 2\^53/],
    ['inputs.people.groupBy(p, p.age)', 'type', /Write string\(p\.age\)/],
    ['inputs.people.transformMapEntry(i, p, {string(p.age): i})', 'evaluation', /'7' comes twice/],
    ['[1].zip([])', 'evaluation', /one has 1 and the other 0/],
    ['[].last()', 'missing', /empty list has no last/],
    ["base64.decode('%')", 'evaluation', /not base64/],
    ["base64.decode('/w==')", 'evaluation', /not text in UTF-8/],
    ["url.decode('%E4')", 'evaluation', /not percent-encoded/],
    ["hmac('a', 'b', 'md5')", 'evaluation', /'sha256', 'sha512', 'sha1'/],
    ["timestamp('2026-02-29')", 'evaluation', /no such day as 2026-02-29/],
    ["parseDate('31.04.2026', 'dd.MM.yyyy')", 'evaluation', /no such date/],
    ["parseDate('2026-04-31', 'dd.MM.yyyy')", 'evaluation', /not written as dd\.MM\.yyyy/],
    ["parseDate('04.2026', 'MM.yyyy')", 'evaluation', /a year, a month and a day/],
    ["now().startOf('day', 'Europe/Berln')", 'evaluation', /no time zone 'Europe\/Berln'/],
    ["now().plus(1, 'fortnight')", 'evaluation', /no unit of plus\(\)/],
    ["'soon'.plus(1, 'day')", 'evaluation', /parseDate\(text, pattern\)/],
    ["'2026-02-01T10:00:00'.plus(1, 'day')", 'evaluation', /say the zone/],
    ["'9999-12-31'.plus(1, 'year')", 'evaluation', /out of range/],
    ["double('9223372036854775807')", 'evaluation', /last digits/],
    ['math.rund(1)', 'unknown-function', /Did you mean 'math\.round'/],
    ['round(1)', 'unknown-function', /math\.round/],
    ['sum([1])', 'unknown-function', /value\.sum\(\)/],
  ];
  for (const [source, kind, message] of errors) {
    it(`refuse: ${source}`, () => {
      const error = errorOf(source);
      assert.equal(error.kind, kind, error.message);
      assert.match(error.message, message);
    });
  }

  it('leave names of namespaces to whoever uses them', () => {
    for (const name of namespaces) assert.deepEqual(valueOf(`[{'a': 1}].map(${name}, ${name}.a)`), [1]);
    assert.equal(valueOf("url.contains('x')", { url: 'axb' }), true);
  });

  it('take bounded work, whatever they are given', () => {
    const long = { text: 'a'.repeat(1_000_000), list: Array.from({ length: 400_000 }, (_, index) => index), n: 2 ** 40 };
    for (const source of ["lists.range(n)", "text.padStart(n)", 'list.zip(list).zip(list).zip(list)', 'list.map(x, hmac(text, "k"))', 'list.map(x, list.sort())', "list.map(x, now().plus(x, 'day', 'Europe/Berlin'))", 'list.map(x, text.reverse())', "list.map(x, now().startOf('day', string(x)))",
      'cel.bind(a, [list, list], cel.bind(b, a.zip(a), cel.bind(c, b.zip(b), cel.bind(d, c.zip(c), d.zip(d)))))']) {
      const parsed = parseExpression(source);
      assert.ok(parsed.ok, source);
      const result = evaluateExpression(parsed.expression, { ...scope, ...long });
      assert.ok(!result.ok && ['limit', 'evaluation'].includes(result.error.kind), source);
    }
  });
});

describe('uuid()', () => {
  it('is the same for the same run, key and name, and no other', () => {
    const of = (run: string, key: string | null, name: string): string => JSON.stringify(valueOf(`uuid('${name}')`, { run: { id: run }, job: { index: 3, key } }));
    assert.match(of('r', 'a', 'x'), /^"[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"$/);
    assert.equal(of('r', 'a', 'x'), of('r', 'a', 'x'));
    assert.equal(new Set([of('r', 'a', 'x'), of('s', 'a', 'x'), of('r', 'b', 'x'), of('r', 'a', 'y'), of('r', null, 'x')]).size, 5);
  });

  it('is not there before a run begins', () => {
    const parsed = parseExpression("uuid('a')");
    assert.ok(parsed.ok);
    const result = evaluateExpression(parsed.expression, { trigger: {} });
    assert.match(result.ok ? '' : result.error.message, /has not begun/);
  });
});

describe('functions (generated)', () => {
  const list = fc.array(fc.oneof(fc.integer({ min: -1_000, max: 1_000 }), fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 })).map((n) => n + 0), { maxLength: 20 });

  it('sort, reverse and pick as JavaScript does', () => {
    fc.assert(fc.property(list, fc.nat(25), fc.nat(25), (items, a, b) => {
      const [start, end] = [Math.min(a, b), Math.max(a, b)];
      assert.deepEqual(valueOf('items.sort()', { items }), items.toSorted((x, y) => x - y));
      assert.deepEqual(valueOf(`items.slice(${start}, ${end})`, { items }), items.slice(start, end));
      assert.deepEqual(valueOf('items.distinct()', { items }), [...new Set(items)]);
      if (items.length > 0) assert.deepEqual(valueOf('[items.min(), items.max()]', { items }), [Math.min(...items), Math.max(...items)]);
    }));
  });

  it('come back from each encoding', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme', maxLength: 50 }), (text) => {
      assert.deepEqual(valueOf('[base64.decode(base64.encode(text)), base64url.decode(base64url.encode(text)), url.decode(url.encode(text)), fromJSON(toJSON(text)), text.reverse().reverse()]', { text }), Array(5).fill(text));
      assert.equal(valueOf('base64.encode(text)', { text }), Buffer.from(text).toString('base64'));
      assert.equal(valueOf('base64url.encode(text)', { text }), Buffer.from(text).toString('base64url'));
    }));
  });

  // Offsets of whole minutes, as all have today.
  it('write a time and read it again', () => {
    const time = fc.date({ min: new Date('1980-01-01'), max: new Date('2100-01-01'), noInvalidDate: true }).map((date) => date.toISOString());
    fc.assert(fc.property(time, fc.constantFrom('UTC', 'Europe/Berlin', 'America/St_Johns', '+05:45'), (text, zone) => {
      assert.equal(valueOf(`parseDate(text.formatDate(pattern, zone), pattern, zone)`, { text, zone, pattern: 'yyyy-MM-dd HH:mm:ss.SSS ZZ' }), text);
    }));
  });
});
