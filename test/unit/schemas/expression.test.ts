import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  evaluateExpression, expressionCatalog, expressionLimits, isTruthy, parseExpression, secretMisuses, secretName, usesStatusFunction,
  type Expression, type ExpressionError, type Scope,
} from '../../../schemas/workflow/expression/expression.ts';
import type { Json } from '../../../schemas/workflow/json.ts';
import { processorMs } from '../../support/processor-time.ts';

const scope: Scope = {
  inputs: { n: 7, dry: false, list: [3, 1, 2], name: 'Ann' },
  item: { email: 'ann@example.com', x: 4, address: null, tags: ['New', 'b'], 'first-name': 'Ann', deep: { er: { id: 'z' } } },
  steps: { send: { status: 'succeeded', output: { 'message-id': 'm1' }, results: [{ status: 'succeeded', item: { id: 1 } }, { status: 'dead', item: { id: 2 } }] } },
  $now: Date.UTC(2025, 0, 2, 3, 4, 5, 6),
};

function parsed(source: string): Expression {
  const result = parseExpression(source);
  assert.ok(result.ok, `${source}: ${JSON.stringify(result)}`);
  return result.expression;
}

function valueOf(source: string, within: Scope = scope): Json {
  const result = evaluateExpression(parsed(source), within);
  assert.ok(result.ok, `${source}: ${JSON.stringify(result)}`);
  return result.value;
}

/** The error of parsing or of evaluating. */
function errorOf(source: string, within: Scope = scope): ExpressionError {
  const parse = parseExpression(source);
  const result = parse.ok ? evaluateExpression(parse.expression, within) : parse;
  assert.ok(!result.ok, `${source} has a value`);
  return result.error;
}

function underlined(source: string): string {
  const { range } = errorOf(source);
  return source.slice(range.start, range.end);
}

describe('the value of an expression', () => {
  const values: Record<string, Json> = {
    // Numbers: JSON's mix with integers.
    'inputs.n + 1': 8, '1 + inputs.n': 8, 'inputs.n / 2': 3.5, '7 / 2': 3, '7.0 / 2': 3.5, 'inputs.n % 2 == 1': true, 'inputs.n * 2 - 1': 13, '-inputs.n': -7,
    'item.x > 3': true, '3 < item.x': true, '4 <= item.x && item.x >= 4.0': true, '1 == 1.0': true, 'item.x == 4': true, 'item.x != 4': false, '-0.0': 0,
    '9007199254740991': 9007199254740991, 'string(9007199254740993)': '9007199254740993', '9007199254740993 == 9007199254740992.0': false,
    // Lists and maps.
    'inputs.list[0]': 3, 'inputs.list[inputs.n - 6]': 1, 'inputs.list[size(inputs.list) - 1]': 2, '[1, inputs.n, "a", null]': [1, 7, 'a', null],
    "{'a': {'b': inputs.n}}": { a: { b: 7 } }, "{'a': 1}.a": 1, "item['first-name']": 'Ann', '2 in inputs.list': true, '9 in inputs.list': false,
    "'email' in item": true, "'constructor' in item": false, 'inputs.list + [4]': [3, 1, 2, 4], '[1, [2]] == [1.0, [2.0]]': true, "{'a': 1} == {'a': 1.0}": true,
    "{'__proto__': 1}": JSON.parse('{"__proto__":1}') as Json,
    // Macros.
    'inputs.list.filter(v, v > 1)': [3, 2], 'inputs.list.map(v, v * 2)': [6, 2, 4], 'inputs.list.map(v, v > 1, v * 2)': [6, 4], 'inputs.list.all(v, v > 0)': true,
    'inputs.list.exists(v, v == 2)': true, 'inputs.list.exists_one(v, v > 1)': false, "item.deep.map(k, k + '!')": ['er!'],
    "steps.send.results.filter(r, r.status == 'succeeded').map(r, r.item.id)": [1], 'inputs.list.map(x, inputs.list.map(x, x)[0] == x)': [true, false, false],
    'inputs.list.map(x, [10].map(y, x + y)[0])': [13, 11, 12], 'cel.bind(t, inputs.n * 2, t + t)': 28,
    // Conditions.
    '!inputs.dry': true, "inputs.dry ? 'a' : 'b'": 'b', 'true || nothing.there': true, 'nothing.there || true': true, 'item.nope == 1 || item.x == 4': true,
    'false && nothing': false, 'nothing && false': false, 'inputs.list.exists(v, v.a == 1 || v == 2)': true, "null == item.address && item.address != ''": true,
    // What is missing.
    'has(item.email)': true, 'has(item.phone)': false, 'has(item.address.city)': false, 'has(item.nope.nope.nope)': false, "has(item['first-name'])": true,
    'default(item.phone, 1)': 1, 'default(item.address, "none")': 'none', 'default(item.email, "none")': 'ann@example.com', 'default(inputs.list[9], 0)': 0,
    'default(item.address.city.name, "x") + "y"': 'xy', 'default(inputs.list.filter(v, v > 9)[0], null)': null, 'default(false, true)': false,
    // GitHub's functions ignore case, CEL's methods respect it.
    "contains(item.email, 'ANN@')": true, "item.email.contains('ANN@')": false, "contains(item.tags, 'NEW')": true, "'new' in item.tags": false, 'contains(inputs.list, 2)': true,
    "startsWith(item.email, 'ANN')": true, "item.email.startsWith('ANN')": false, "endsWith(item.email, '.COM')": true, "item.email.endsWith('.com')": true,
    "format('{0}-{1}-{0} {{x}}', inputs.n, item.tags)": '7-["New","b"]-7 {x}', "join(inputs.list)": '3,1,2', "join(item.tags, ' ')": 'New b', 'item.tags.join()': 'Newb',
    'toJSON(item.deep)': '{"er":{"id":"z"}}', "fromJSON('[1, {\"a\": null}]')": [1, { a: null }], 'fromJSON(toJSON(item)) == item': true,
    'now()': '2025-01-02T03:04:05.006Z', "hash({'a': 1, 'b': [2]}) == hash({'b': [2.0], 'a': 1.0})": true, "hash('a') == hash('b')": false,
    // Text, conversions, time.
    "'a' + 'b'": 'ab', 'size("a😀")': 2, "' A '.trim().lowerAscii()": 'a', "'a-b'.split('-')": ['a', 'b'], "'aXbX'.replace('X', '$&')": 'a$&b$&', "'abc'.substring(1, inputs.list[2])": 'b',
    "'abc'.indexOf('c')": 2, 'int("12") + 1': 13, 'int(2.9)': 2, 'double("1.5")': 1.5, "bool('true')": true, 'string(item.x)': '4', 'string(1.5)': '1.5',
    "timestamp('2025-01-01T00:00:00Z') < timestamp(now())": true, "timestamp('2025-01-01T00:00:00+01:00') + duration('1d1h')": '2025-01-02T00:00:00.000Z',
    "timestamp(now()).getFullYear()": 2025, "(timestamp(now()) - timestamp('2025-01-02T00:00:00Z')).getHours()": 3, "duration('90s')": '90s', "[timestamp(0)]": ['1970-01-01T00:00:00.000Z'],
    'success()': true, 'failure()': false, 'always()': true, 'cancelled()': false,
  };
  for (const [source, value] of Object.entries(values)) {
    it(`of ${source}`, () => assert.deepEqual(valueOf(source), value));
  }

  it('hashes as published: FNV-1a, 64 bits, over the JSON', () => {
    // The published vector is for foobar without quotes; JSON of a number has none.
    assert.equal(valueOf('hash(1)'), 'af63ac4c86019afc');
    assert.match(JSON.stringify(valueOf('hash(item)')), /^"[0-9a-f]{16}"$/);
  });

  it('follows the status of what went before', () => {
    assert.deepEqual(['success()', 'failure()', 'cancelled()', 'always()'].map((source) => valueOf(source, { $status: 'failure' })), [false, true, false, true]);
    assert.deepEqual(['success()', 'failure()', 'cancelled()', 'always()'].map((source) => valueOf(source, { $status: 'cancelled' })), [false, false, true, true]);
  });

  it('reads from the scope only what it needs', () => {
    const read: string[] = [];
    const lazy = {
      get a() { read.push('a'); return 1; },
      get b() { read.push('b'); return { get c() { read.push('c'); return 2; }, get d() { read.push('d'); return 3; } }; },
      get e(): never { throw new Error('must not be read'); },
    };
    assert.equal(valueOf('b.c == 2 || e', lazy), true);
    assert.deepEqual(read, ['b', 'c']);
  });

  it('reads the getters of a class, but no inherited names', () => {
    class Source { get inputs(): Json { return { n: 1 }; } }
    assert.equal(valueOf('inputs.n', new Source() as unknown as Scope), 1);
    assert.equal(errorOf('constructor', new Source() as unknown as Scope).kind, 'missing');
  });

  it('reads a field called `__proto__` or `constructor` only where the data has one', () => {
    assert.equal(valueOf('item.__proto__.constructor', { item: JSON.parse('{"__proto__": {"constructor": "data"}}') as Json }), 'data');
    for (const name of ['constructor', '__proto__', 'toString', 'hasOwnProperty', 'valueOf']) {
      for (const source of [name, `item.${name}`, `item['${name}']`, `item['${name.slice(0, 3)}' + '${name.slice(3)}']`, `cel.bind(x, item, x.${name})`]) {
        // cel-js keeps `__proto__` from being a name at all.
        assert.equal(errorOf(source).kind, source === '__proto__' ? 'syntax' : 'missing', source);
        assert.ok(!source.startsWith('item.') || valueOf(`has(${source})`) === false);
      }
      assert.equal(errorOf(`timestamp(0).${name}`).kind, 'type');
    }
  });

  it('is the same from an expression that has been through JSON', () => {
    assert.deepEqual(evaluateExpression(JSON.parse(JSON.stringify(parsed('inputs.n + 1'))) as Expression, scope), { ok: true, value: 8 });
  });
});

describe('the error of an expression', () => {
  const errors: [source: string, kind: ExpressionError['kind'], message: RegExp, underlined: string][] = [
    ['item.emial', 'missing', /Did you mean 'item\.email'\?/, 'emial'],
    ['itme.email', 'missing', /no 'itme' here. Did you mean 'item'\?/, 'itme'],
    ['item.x + itm.x', 'missing', /Did you mean 'item'/, 'itm'],
    ['steps.send.output.message-id', 'missing', /Did you mean 'steps\.send\.output\['message-id'\]'\?/, 'message'],
    ['item.deep.qqq', 'missing', /'item\.deep' has er\./, 'qqq'],
    ['item.address.city', 'missing', /'item\.address' is null/, 'city'],
    ['inputs.list[3]', 'missing', /has 3 elements/, 'inputs.list[3]'],
    ['inputs.list[-1]', 'missing', /has 3 elements/, 'inputs.list[-1]'],
    ['inputs.list[0.5]', 'type', /whole number/, 'inputs.list[0.5]'],
    ['steps.send.results.status', 'type', /is a list and has no field 'status': take one element/, 'status'],
    ['item.email.name', 'type', /'item\.email' is text/, 'name'],
    ['inputs.list.filter(v, v.id == 1)', 'type', /'v' is a number/, 'id'],
    ["'a' + 1", 'type', /string\(value\)/, "'a' + 1"],
    ['item.email > 1', 'type', /double\(text\)/, 'item.email > 1'],
    ['!item.email', 'type', /'item\.email' is text/, 'item.email'],
    ["{'a': 1, 'b': 2, 'a': 3}.a", 'evaluation', /^The key 'a' is in this map twice\.$/, "'a'"],
    ["{'Ann': 1, inputs.name: 2}", 'evaluation', /^The key 'Ann' is in this map twice\.$/, 'inputs.name'],
    ['item.x ? 1 : 2', 'type', /'item\.x' is a number/, 'item.x'],
    ["'a' in item.email", 'type', /contains\(text, part\)/, "'a' in item.email"],
    ['tirm(item.email)', 'unknown-function', /no function 'tirm'/, 'tirm(item.email)'],
    ['item.email.tirm()', 'unknown-function', /Did you mean 'trim'/, 'item.email.tirm()'],
    ['trim(item.email)', 'unknown-function', /value\.trim\(\)/, 'trim(item.email)'],
    ['item.format(1)', 'unknown-function', /write format\(value\)/, 'item.format(1)'],
    ['inputs.list.filter(v)', 'unknown-function', /list\.filter\(x, condition\)/, 'inputs.list.filter(v)'],
    ['contains(item.email)', 'type', /with 1 value; it takes \(in, part\)/, 'contains(item.email)'],
    ['has(item)', 'type', /path with a field/, 'item'],
    ['1 / 0', 'evaluation', /Division by zero/, '1 / 0'],
    ['inputs.n % 0', 'evaluation', /Division by zero/, 'inputs.n % 0'],
    ['9007199254740993', 'evaluation', /beyond 2\^53/, '9007199254740993'],
    ['[1, 9007199254740993]', 'evaluation', /beyond 2\^53/, '9007199254740993'],
    ['9223372036854775807 + 1', 'evaluation', /overflow/, '9223372036854775807 + 1'],
    ['1e308 * 10.0', 'evaluation', /infinite/, '1e308 * 10.0'],
    ["double('1e999')", 'evaluation', /infinite/, "double('1e999')"],
    ["fromJSON('{')", 'evaluation', /not JSON/, "fromJSON('{')"],
    ["format('{1}', 1)", 'evaluation', /\{1\}, but there are 1/, "format('{1}', 1)"],
    ["timestamp('2025-01-01T09:00')", 'evaluation', /with a zone/, "timestamp('2025-01-01T09:00')"],
    ["secrets.A + 'x'", 'evaluation', /can only stand alone/, 'secrets'],
    ['', 'syntax', /empty/, ''],
    ['item.x = 4', 'syntax', /write '=='/, '='],
    ['not item.x', 'syntax', /'not' is written '!'/, 'item'],
    ['item.x and item.y', 'syntax', /'and' is written '&&'/, 'and'],
    ['(1 + 2', 'syntax', /Expected '\)', got the end/, '2'],
    ["'abc", 'syntax', /Unterminated/, "'abc"],
    ["b'abc'", 'syntax', /Bytes/, "b'abc'"],
  ];
  for (const [source, kind, message, range] of errors) {
    it(`of ${source || 'nothing'}`, () => {
      const error = errorOf(source);
      assert.equal(error.kind, kind);
      assert.match(error.message, message);
      assert.equal(underlined(source), range);
    });
  }

  it('does not tell values, only names', () => {
    const secretive = { item: { password: 'hunter2', n: 1 } };
    for (const source of ['item.pasword', 'item.password.x', 'item.password + 1', '!item.password', 'int(item.password)', 'item.password[0]', 'fromJSON(item.password)', 'timestamp(item.password)']) {
      assert.doesNotMatch(errorOf(source, secretive).message, /hunter2/, source);
    }
  });

  it('of a getter that throws is a value', () => {
    assert.deepEqual(errorOf('a', { get a(): never { throw new Error('disk gone'); } }), { kind: 'evaluation', message: 'disk gone', range: { start: 0, end: 1 } });
  });
});

describe('what an expression reads and calls', () => {
  function references(source: string): readonly string[] {
    return parsed(source).references.map(({ path, range }) => `${path.join('.')}=${source.slice(range.start, range.end)}`);
  }

  it('is known as far as it is written out, with its ranges', () => {
    assert.deepEqual(references('steps.a.results[0].x + inputs.n'), ['steps.a.results=steps.a.results', 'inputs.n=inputs.n']);
    assert.deepEqual(references("steps['a'].output"), ["steps.a.output=steps['a'].output"]);
    assert.deepEqual(references('a[b.c].d'), ['a=a', 'b.c=b.c']);
    assert.deepEqual(references('has(a.b) ? default(c.d, e) : f(g)'.replace('f(g)', 'size(g)')), ['a.b=a.b', 'c.d=c.d', 'e=e', 'g=g']);
    assert.deepEqual(references("{'k': a.b, c: [d]}"), ['a.b=a.b', 'c=c', 'd=d']);
    assert.deepEqual(references('1 + 2'), []);
  });

  it('leaves out names that a macro binds, where it binds them', () => {
    assert.deepEqual(references('a.list.filter(x, x.y == z.y && x in b)'), ['a.list=a.list', 'z.y=z.y', 'b=b']);
    assert.deepEqual(references('x.list.map(x, x.y)'), ['x.list=x.list']);
    assert.deepEqual(references('cel.bind(v, a.b, v + c)'), ['a.b=a.b', 'c=c']);
    assert.deepEqual(references('a.map(x, [1].map(y, x + y + z)) == y'), ['a=a', 'z=z', 'y=y']);
  });

  it('tells whether a status function is called', () => {
    for (const source of ['success()', 'failure() && item.x == 1', 'inputs.list.all(v, always())', 'cancelled()']) assert.ok(usesStatusFunction(parsed(source)), source);
    for (const source of ["'failure()' == item.x", 'item.failure', 'inputs.dry']) assert.ok(!usesStatusFunction(parsed(source)), source);
  });

  it('tells a secret that stands alone from any other use', () => {
    assert.equal(secretName(parsed('secrets.API_KEY')), 'API_KEY');
    assert.deepEqual(secretMisuses(parsed('secrets.API_KEY')), []);
    for (const source of ["secrets.A + 'x'", 'toJSON(secrets)', 'secrets', 'secrets.A.b', '[1].map(x, secrets.A)', 'has(secrets.A)']) {
      assert.equal(secretName(parsed(source)), undefined, source);
      const [misuse] = secretMisuses(parsed(source));
      assert.ok(misuse !== undefined && source.slice(misuse.start, misuse.end).startsWith('secrets'), source);
    }
    assert.deepEqual(secretMisuses(parsed('item.secrets')), []);
  });
});

describe('truth', () => {
  it('is as in GitHub Actions', () => {
    for (const value of [false, null, 0, '']) assert.equal(isTruthy(value), false);
    for (const value of [true, 1, -1, 'false', '0', [], {}]) assert.equal(isTruthy(value), true);
  });
});

describe('the limits of an expression', () => {
  const list = Array.from({ length: 10_000 }, (_, i) => ({ i, status: i % 2 === 0 ? 'succeeded' : 'dead', text: 'a'.repeat(50) }));

  it('leave room for going through a long list', () => {
    const many = Array.from({ length: 50_000 }, (_, i) => ({ key: `k${i}`, status: i % 2 === 0 ? 'succeeded' : 'dead' }));
    assert.equal((valueOf("l.filter(r, r.status == 'succeeded' && r.key != 'k0').map(r, r.key)", { l: many }) as Json[]).length, 24_999);
  });

  const heavy = [
    'l.map(a, l.map(b, a.i + b.i))', 'l.filter(a, l.exists(b, b.i == -1))', 'l.map(a, l)', 'l.map(a, l + l)', 'l.filter(x, x in l)', 'l.map(x, l == l.map(y, y))',
    'l.map(x, toJSON(l))', 'l.map(x, hash(l))', 'l.map(x, join(l))', 'l.map(x, l.all(y, y.zz == 1 || true))', 'l.map(x, string(l))',
    "l.map(x, l.map(y, y.text).join('').matches('(a|b|ab)*c'))", "l.map(x, l.map(y, y.text).join('').replace('a', 'b'))", "l.map(x, contains(l.map(y, y.text).join(), 'zz'))",
    '[1,2,3,4,5,6,7,8,9,0].map(a, l).map(a, [a,a,a,a,a,a,a,a,a,a,a,a,a,a])',
    `${Array.from({ length: 12 }, (_, i) => `cel.bind(v${i + 1}, [v${i},v${i},v${i},v${i},v${i},v${i}], `).join('').replaceAll('v0', 'l')}v12${')'.repeat(12)}`,
  ];
  for (const source of heavy) {
    it(`stop ${source.slice(0, 60)} well within a second`, () => {
      const expression = parsed(source);
      const took = processorMs(() => {
        const result = evaluateExpression(expression, { l: list });
        assert.equal(result.ok ? 'ok' : result.error.kind, 'limit');
      });
      assert.ok(took < 1_500, `took ${took} ms`);
    });
  }

  it('bound the texts that are made', () => {
    const mega = 'a'.repeat(600_000);
    for (const source of ['t + t', 'format("{0}{0}", t)', 'join([t, t])', "t.replace('a', 'aa')", 'toJSON([t, t])', 'string([t, t])']) {
      assert.equal(errorOf(source, { t: mega }).kind, 'limit', source);
    }
    assert.equal(valueOf('t', { t: mega.repeat(3) }), mega.repeat(3), 'data that passes through is not bounded');
  });

  it('bound the source and its nesting', () => {
    const deep = (open: string, inner: string, close: string, count: number): string => open.repeat(count) + inner + close.repeat(count);
    for (const source of [
      '1 +'.repeat(3_000) + ' 1', ' '.repeat(expressionLimits.sourceLength) + '1', deep('(', '1', ')', 100), deep('[', '1', ']', 100), deep('!', 'true', '', 3_000), deep('- ', '1', '', 2_000),
      `a${'.b'.repeat(100)}`, deep('size(', '1', ')', 100), Array.from({ length: 300 }, () => 'a').join('+'), deep('a ? ', '1', ' : 2', 100), `${'a ? b : '.repeat(500)}c`,
    ]) assert.equal(errorOf(source).kind, 'limit', source.slice(0, 40));
    assert.equal(valueOf(`'${'-'.repeat(200)}'`), '-'.repeat(200), 'signs within a text are not operators');
    assert.equal(errorOf('!'.repeat(8_000) + 'true').kind, 'limit');
    assert.equal(valueOf('[[1]]' + '[0]'.repeat(2)), 1, 'the parser is as before after it gave up');
    assert.equal(valueOf(Array.from({ length: 200 }, () => '1').join('+')), 200);
  });

  it('bound the depth of what fromJSON() reads, without a crash', () => {
    assert.equal(errorOf('fromJSON(t)', { t: '['.repeat(100_000) + ']'.repeat(100_000) }).kind, 'limit');
  });
});

describe('matches()', () => {
  function matches(text: string, pattern: string): Json {
    return valueOf('t.matches(p)', { t: text, p: pattern });
  }

  const hostile = [
    '^(a+)+$', '^(a|a)*b$', '(a*)*b', 'a*a*a*a*a*a*b', '(.*)(.*)(.*)(.*)x', '(a|aa)+$b', '^(([a-z])+.)+[A-Z]([a-z])+$', '(x+x+)+y', '(a?){50}a{50}b', '^(\\w+\\s?)*$', '(?i)(A+)+z',
    '([a-zA-Z0-9])(([\\-.]|[_]+)?([a-zA-Z0-9]+))*(@){1}[a-z0-9]+[.]{1}(([a-z]{2,3})|([a-z]{2,3}[.]{1}[a-z]{2,3}))$',
  ];
  for (const pattern of hostile) {
    it(`answers quickly for ${pattern}`, () => {
      const took = processorMs(() => assert.equal(matches(`${'a'.repeat(20_000)}!`, pattern), false));
      assert.ok(took < 500, `took ${took} ms`);
    });
  }

  it('refuses patterns that would grow, and what it does not know', () => {
    for (const pattern of ['((a{100}){100}){100}', '((){999}){999}', '('.repeat(60) + ')'.repeat(60), 'a'.repeat(600)]) assert.equal(errorOf('"a".matches(p)', { p: pattern }).kind, 'limit', pattern.slice(0, 30));
    for (const pattern of ['(a)\\1', '(?=a)', '(?<!a)b', 'a**', '*a', '(', ')', '[b-a]', 'a{2,1}', '\\']) assert.equal(errorOf('"a".matches(p)', { p: pattern }).kind, 'evaluation', pattern);
  });

  it('stops when text times pattern is too much', () => {
    assert.equal(errorOf('t.matches(p)', { t: 'a'.repeat(500_000), p: '(a?){900}b' }).kind, 'limit');
  });

  it('finds what RegExp finds', () => {
    const atom = fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '\\w', '\\d', '\\s', '(a|b)', '(?:ab)', '^', '$', '\\b', '()', '(a*|b)', '-');
    const quantifier = fc.constantFrom('', '', '', '*', '+', '?', '{2}', '{1,2}', '{2,}', '*?');
    const piece = fc.tuple(atom, quantifier).map(([a, q]) => (['^', '$', '\\b'].includes(a) ? a : a + q));
    const branch = fc.array(piece, { maxLength: 5 }).map((pieces) => pieces.join(''));
    const pattern = fc.array(branch, { minLength: 1, maxLength: 3 }).map((branches) => branches.join('|'));
    const text = fc.array(fc.constantFrom('a', 'b', '1', ' ', '-', 'é', '😀'), { maxLength: 8 }).map((characters) => characters.join(''));
    fc.assert(fc.property(pattern, text, (source, subject) => {
      assert.equal(matches(subject, source), new RegExp(source, 'u').test(subject), `/${source}/ on '${subject}'`);
    }), { numRuns: 1_000 });
  });

  it('knows classes, escapes, flags and Unicode', () => {
    for (const [text, pattern] of [['ann@example.com', '^[^@\\s]+@[^@\\s]+\\.[a-z]{2,}$'], ['ABC', '(?i)^abc$'], ['a\nb', '(?s)a.b'], ['Ä', '^\\p{L}$'], ['a.b', 'a\\.b'], ['a{b', 'a{b'], ['x]', '^[x\\]]+$'], ['€', '\\u20AC'], ['/p-1', '^/p\\-?\\d$']] as const) {
      assert.equal(matches(text, pattern), true, `${pattern} on ${text}`);
    }
    assert.equal(matches('a\nb', 'a.b'), false);
    assert.equal(matches('ABC', 'abc'), false);
  });
});

describe('any expression', () => {
  const word = fc.constantFrom(
    'item', 'inputs', '.x', '.n', '.list', '.email', '[0]', "['a']", '(', ')', '[', ']', '{', '}', ',', ':', '?', '+', '-', '*', '/', '%', '==', '!=', '<', '>', '&&', '||', '!', ' in ',
    '1', '2.5', "'t'", 'true', 'null', 'x', '.filter(x, ', '.map(x, ', '.all(x,', 'has(', 'default(', 'size(', 'toJSON(', 'hash(', '.matches(', 'cel.bind(x, ', 'now()', 'secrets.A', "'", '"', '//', '`', '\\', '$', '\u0000', '😀',
  );

  it('is parsed and evaluated without throwing, and soon, to JSON or an error within it', () => {
    fc.assert(fc.property(fc.oneof(fc.array(word, { maxLength: 25 }).map((words) => words.join('')), fc.string({ maxLength: 100 })), (source) => {
      const took = processorMs(() => {
        const parse = parseExpression(source);
        const result = parse.ok ? evaluateExpression(parse.expression, scope) : parse;
        if (result.ok) {
          assert.ok('value' in result);
          assert.deepEqual(JSON.parse(JSON.stringify(result.value)), result.value);
        } else {
          const { range, message } = result.error;
          assert.ok(range.start >= 0 && range.start <= range.end && range.end <= source.length, JSON.stringify({ source, range }));
          assert.ok(message.length > 0 && message.length < 1_000);
        }
      });
      assert.ok(took < 1_000, `took ${took} ms`);
    }), { numRuns: 3_000 });
  });

  it('of plain data gives that data', () => {
    fc.assert(fc.property(fc.jsonValue(), fc.string(), (value, key) => {
      assert.deepEqual(valueOf(`item[${JSON.stringify(key.replace(/[^\w -]/g, '_'))}]`, { item: Object.fromEntries([[key.replace(/[^\w -]/g, '_'), value]]) }), Object.is(value, -0) ? 0 : value);
      assert.deepEqual(JSON.parse(valueOf('toJSON(item)', { item: value }) as string), JSON.parse(JSON.stringify(value)));
    }));
  });

  it('adds and compares numbers as JavaScript does, but rounds no whole number', () => {
    const number = fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e100, max: 1e100 }));
    fc.assert(fc.property(number, fc.integer({ min: 0, max: 1_000_000 }), (n, literal) => {
      for (const [source, result, exact] of [[`n + ${literal}`, n + literal, (a: bigint, b: bigint) => a + b], [`n * ${literal}`, n * literal, (a: bigint, b: bigint) => a * b], [`${literal} - n`, literal - n, (a: bigint, b: bigint) => b - a]] as const) {
        const isRounded = Number.isInteger(n) && Math.abs(result) < 1e21 && BigInt(result) !== exact(BigInt(n), BigInt(literal));
        if (isRounded) assert.match(errorOf(source, { n }).message, /beyond 2\^53/);
        else assert.equal(valueOf(source, { n }), result + 0);
      }
      assert.deepEqual(valueOf(`[n < ${literal}, n >= ${literal}, n == ${literal}, ${literal} > n]`, { n }), [n < literal, n >= literal, n === literal, literal > n]);
    }));
  });

  it('has its functions in the catalog, each once and described', () => {
    const keys = expressionCatalog.map(({ kind, name }) => `${kind} ${name}`);
    assert.equal(new Set(keys).size, keys.length);
    for (const name of ['success', 'failure', 'always', 'contains', 'startsWith', 'endsWith', 'format', 'join', 'toJSON', 'fromJSON', 'now', 'hash']) assert.ok(keys.includes(`function ${name}`), name);
    assert.ok(keys.includes('macro default'));
    for (const { usage, description, name } of expressionCatalog) assert.ok(usage.includes(name) && description.length > 10, name);
  });
});
