import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseTree } from '../../../schemas/workflow/expression/ast.ts';
import { checkExpression, type TypeProblem } from '../../../schemas/workflow/expression/checker.ts';
import { globalFunctions, methodFunctions } from '../../../schemas/workflow/expression/function.ts';
import { alternativesOf, describeType, typeOfSchema, typeOfValue, unionOf, type ExpressionType } from '../../../schemas/workflow/expression/type.ts';
import { evaluateExpression, parseExpression } from '../../../schemas/workflow/expression/expression.ts';
import { isJsonObject, type Json, type JsonObject } from '../../../schemas/workflow/json.ts';
import { english } from '../../../schemas/wording/language.ts';

function check(source: string, types: Readonly<Record<string, ExpressionType>>): { readonly type: ExpressionType; readonly problems: readonly TypeProblem[] } {
  const problems: TypeProblem[] = [];
  const type = checkExpression(parseTree(source), { scope: (name) => types[name], onProblem: (problem) => problems.push(problem) });
  return { type, problems };
}

const schema = {
  type: 'object',
  additionalProperties: false,
  required: ['name', 'tags'],
  properties: { name: { type: 'string' }, tags: { type: 'array', items: { type: 'string' } }, count: { type: 'integer' }, mode: { enum: ['fast', 'slow'] }, maybe: { type: ['object', 'null'], properties: { x: { type: 'number' } } }, loose: {} },
} as const satisfies JsonObject;
const x = typeOfSchema(schema);

describe('the type of an expression', () => {
  const types: Readonly<Record<string, string>> = {
    'x.name': 'text',
    "x['name']": 'text',
    'x.count + 1': 'number',
    '7 / 2': 'number',
    'x.tags': 'list of text',
    'x.tags[0]': 'text',
    'x.tags + ["a"]': 'list of text',
    'x.tags.map(t, size(t))': 'list of number',
    'x.tags.map(t, t != "", { "a": t })': 'list of { a: text }',
    'x.tags.filter(t, t == x.name)': 'list of text',
    'x.map(key, key)': 'list of text',
    'x.tags.exists(t, t == "a")': 'boolean',
    'cel.bind(t, x.tags[0], t)': 'text',
    'x.count > 1 ? x.name : x.count': 'text | number',
    'x.mode': "'fast' | 'slow'",
    'x.maybe': '{ x?: number, … } | null',
    'x.maybe.x': 'number',
    'x.loose.anything[3]': 'any',
    'default(x.maybe, 1)': '{ x?: number, … } | number',
    'timestamp(now())': 'timestamp',
    'timestamp(now()) - timestamp(now())': 'duration',
    '[timestamp(now())]': 'list of text',
    '[1, "a"]': "list of (number | 'a')",
    '{ "a": 1, "b-c": [true] }': "{ a: number, 'b-c': list of boolean }",
    'x': "{ name: text, tags: list of text, count?: number, mode?: 'fast' | 'slow', maybe?: { x?: number, … } | null, loose?: any }",
    unknown: 'any',
  };
  for (const [source, wanted] of Object.entries(types)) {
    it(`of ${source} is ${wanted}`, () => {
      const { type, problems } = check(source, { x });
      assert.equal(describeType(type), wanted);
      assert.deepEqual(problems, []);
    });
  }
});

describe('a doubtful expression', () => {
  // What may be right is not talked about.
  const silent = ["x.loose + 1", 'x.loose.a.b', 'unknown.a', "has(x.nothing)", "default(x.nothing, 'a')", "default(x.tags.nothing, 'a')", "x.name == null", 'x.mode in ["never"]', "x[x.name]", 'x.maybe.x + 1', 'x.count == 1.5', '[].map(a, a.b)', "x.tags == []", "string(x.tags) + 'a'", "contains(x.name, 5)"];
  for (const source of silent) {
    it(`passes: ${source}`, () => {
      assert.deepEqual(check(source, { x }).problems, []);
    });
  }
});

/** Whether a value is one of those that a type describes. */
function admits(type: ExpressionType, value: Json): boolean {
  return alternativesOf(type).some((one) => {
    switch (one.kind) {
      case 'unknown':
        return true;
      case 'null':
        return value === null;
      case 'boolean':
      case 'number':
        return typeof value === one.kind;
      case 'timestamp':
      case 'duration':
        return typeof value === 'string';
      case 'text':
        return typeof value === 'string' && (one.values?.includes(value) ?? true);
      case 'list':
        return Array.isArray(value) && (value as readonly Json[]).every((item) => admits(one.items, item));
      case 'map':
        return (
          isJsonObject(value) &&
          Object.entries(value).every(([key, field]) => { const type = one.fields.get(key)?.type ?? one.rest; return type !== undefined && admits(type, field); }) &&
          [...one.fields].every(([key, { required }]) => !required || Object.hasOwn(value, key))
        );
    }
  });
}

const keys = ['p', 'q', 'r'];
const names = ['a', 'b', 'c'];
const leaf = fc.oneof(fc.constantFrom<Json>('', 'p', 'q', '1', '2025-03-01T09:00:00Z', '90s'), fc.integer({ min: -2, max: 3 }), fc.boolean(), fc.constant(null), fc.constant(0.5));
const { value: json } = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof({ maxDepth: 3, depthSize: 'small' }, leaf, fc.array(tie('value'), { maxLength: 3 }), fc.dictionary(fc.constantFrom(...keys), tie('value'), { maxKeys: 3, noNullPrototype: true })),
}));

/** Expressions all of whose parts are evaluated, so that whatever goes wrong in one makes it fail. */
const { strict } = fc.letrec<{ strict: string }>((tie) => {
  const call = (name: string, args: readonly string[]): string => `${name}(${args.join(', ')})`;
  return {
    strict: fc.oneof(
      { maxDepth: 4, depthSize: 'small' },
      fc.constantFrom(...names, "'p'", '1', '2.5', 'true', 'null', "duration('1h')", 'timestamp(0)'),
      fc.tuple(tie('strict'), fc.constantFrom(...keys)).map(([of, key]) => `${of}.${key}`),
      fc.tuple(tie('strict'), fc.oneof(fc.constantFrom("'p'", "'q'", '0'), tie('strict'))).map(([of, key]) => `${of}[${key}]`),
      fc.tuple(tie('strict'), fc.constantFrom('+', '-', '*', '/', '%', '==', '!=', '<', '<=', '>', '>=', 'in'), tie('strict')).map(([left, operator, right]) => `(${left} ${operator} ${right})`),
      tie('strict').map((of) => `(-${of})`),
      tie('strict').map((of) => `(!${of})`),
      fc.array(tie('strict'), { maxLength: 3 }).map((items) => `[${items.join(', ')}]`),
      fc.tuple(tie('strict'), tie('strict')).map(([p, q]) => `{'p': ${p}, 'q': ${q}}`),
      fc.tuple(fc.constantFrom(...globalFunctions.keys()), fc.array(tie('strict'), { minLength: 3, maxLength: 3 })).map(([name, args]) => call(name, args.slice(0, globalFunctions.get(name)?.parameters.length))),
      fc.tuple(fc.constantFrom(...methodFunctions.keys()), fc.array(tie('strict'), { minLength: 3, maxLength: 3 })).map(([name, [receiver = '', ...args]]) => `${receiver}.${call(name, args.slice(0, (methodFunctions.get(name)?.parameters.length ?? 1) - 1))}`),
    ),
  };
});

/** Any expression. */
const { any } = fc.letrec<{ any: string }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    strict,
    fc.tuple(tie('any'), fc.constantFrom('&&', '||'), tie('any')).map(([left, operator, right]) => `(${left} ${operator} ${right})`),
    fc.tuple(tie('any'), tie('any'), tie('any')).map(([test, yes, no]) => `(${test} ? ${yes} : ${no})`),
    fc.tuple(strict, tie('any'), fc.constantFrom('filter', 'map', 'all', 'exists', 'exists_one')).map(([of, body, macro]) => `${of}.${macro}(a, ${body})`),
    fc.tuple(strict, strict, tie('any')).map(([of, test, body]) => `${of}.map(a, ${test} != b, ${body})`),
    fc.tuple(strict, tie('any')).map(([value, body]) => `cel.bind(c, ${value}, ${body})`),
    fc.tuple(strict, tie('any')).map(([value, fallback]) => `default(${value}, ${fallback})`),
    fc.tuple(strict, fc.constantFrom(...keys)).map(([value, key]) => `has(${value}.${key})`),
  ),
}));

const values = fc.tuple(json, json, json);

/** Types that allow the values, and others beside them. */
function typesOf(these: readonly Json[], others: readonly Json[]): Readonly<Record<string, ExpressionType>> {
  return Object.fromEntries(names.map((name, index) => [name, unionOf([typeOfValue(these[index] ?? null), typeOfValue(others[index] ?? null)])]));
}

function evaluate(source: string, these: readonly Json[]): ReturnType<typeof evaluateExpression> | undefined {
  const parsed = parseExpression(source);
  return parsed.ok ? evaluateExpression(parsed.expression, { ...Object.fromEntries(names.map((name, index) => [name, these[index] ?? null])), $now: 0 }) : undefined;
}

describe('the checker and the evaluation (generated)', () => {
  it('agree: what is reported fails', () => {
    let reported = 0;
    fc.assert(
      fc.property(strict, values, values, (source, these, others) => {
        const result = evaluate(source, these);
        const { problems } = check(source, typesOf(these, others));
        const wrong = problems.filter(({ kind }) => kind !== 'never-equal');
        if (result === undefined || wrong.length === 0) return;
        reported += 1;
        assert.ok(!result.ok, `${source} gives ${JSON.stringify(result.ok && result.value)}, in spite of: ${wrong.map(({ message }) => english.textOf(message)).join(' ')}`);
      }),
      { numRuns: 4_000 },
    );
    assert.ok(reported > 50, `${reported} were reported`);
  });

  it('agree: a result is of the type', () => {
    let results = 0;
    fc.assert(
      fc.property(any, values, values, (source, these, others) => {
        const result = evaluate(source, these);
        if (result?.ok !== true) return;
        results += 1;
        const { type } = check(source, typesOf(these, others));
        assert.ok(admits(type, result.value), `${source} gives ${JSON.stringify(result.value)}, which is not ${describeType(type)}`);
      }),
      { numRuns: 4_000 },
    );
    assert.ok(results > 50, `${results} had a result`);
  });

  it('agree: what is never equal is not', () => {
    fc.assert(
      fc.property(strict, strict, values, values, (left, right, these, others) => {
        const source = `${left} == ${right}`;
        const result = evaluate(source, these);
        const { problems } = check(source, typesOf(these, others));
        if (result?.ok !== true || problems.length !== 1 || problems[0]?.kind !== 'never-equal') return;
        // Only the outermost comparison is at the top.
        if (check(left, typesOf(these, others)).problems.length + check(right, typesOf(these, others)).problems.length > 0) return;
        assert.equal(result.value, false, source);
      }),
      { numRuns: 4_000 },
    );
  });

  it('agree on schemas: a value that fits is of the type', () => {
    const widened = typeOfSchema({ type: ['object', 'array', 'string', 'number', 'boolean', 'null'], properties: { p: { type: ['string', 'number', 'boolean', 'null', 'object', 'array'] } } });
    fc.assert(fc.property(json, (value) => { assert.ok(admits(widened, value)); }));
  });
});
