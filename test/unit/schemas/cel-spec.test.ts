import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { celDifferences } from '../../../scripts/cel-differences.ts';
import { evaluateExpression, parseExpression, type ExpressionResult } from '../../../schemas/workflow/expression/expression.ts';
import { isJsonObject, type Json, type JsonObject } from '../../../schemas/workflow/json.ts';

/**
 * Expression, value and bindings of the simple tests of CEL's conformance suite (github.com/google/cel-spec, tests/simple, 508bd98): those
 * about values that JSON has. Without a value, or with `error`, CEL fails. `{ "int": "..." }` is an integer beyond 2^53.
 */
type Figure = readonly [source: string, value?: Json, bindings?: JsonObject];

const files = JSON.parse(readFileSync(new URL('cel-spec/figures.json', import.meta.url), 'utf8')) as Readonly<Record<string, Readonly<Record<string, Figure>>>>;
const figures = Object.entries(files).flatMap(([file, tests]) => Object.entries(tests).map(([name, figure]) => ({ name: `${file}/${name}`, figure })));

function evaluate(source: string, scope: JsonObject): ExpressionResult {
  const parsed = parseExpression(source);
  return parsed.ok ? evaluateExpression(parsed.expression, scope) : parsed;
}

type Outcome = 'same' | 'other-value' | { readonly refused: string };

function outcomeOf([source, value, scope = {}]: Figure): Outcome {
  const fails = value === undefined || (isJsonObject(value) && value['error'] === true);
  const digits = !fails && isJsonObject(value) && typeof value['int'] === 'string' ? value['int'] : undefined;
  // JSON can't hold it; its text can.
  const result = evaluate(digits === undefined ? source : `string(${source})`, scope);
  if (fails) return result.ok ? 'other-value' : 'same';
  if (!result.ok) return { refused: result.error.message };
  return isSame(result.value, digits ?? value) ? 'same' : 'other-value';
}

function isSame(one: Json, other: Json): boolean {
  try {
    assert.deepEqual(one, other);
    return true;
  } catch {
    return false;
  }
}

describe("expressions and CEL's conformance suite", () => {
  const outcomes = figures.map(({ name, figure }) => ({ name, source: figure[0], outcome: outcomeOf(figure) }));
  const same = outcomes.filter(({ outcome }) => outcome === 'same').length;

  it('agree in nearly all figures', () => {
    assert.ok(figures.length > 1_200, String(figures.length));
    assert.ok(same / figures.length > 0.9, `${same} of ${figures.length}`);
  });

  it('differ in no value that the list of differences does not name', () => {
    const found = outcomes.filter(({ outcome }) => outcome === 'other-value').map(({ name }) => name);
    assert.deepEqual(found.toSorted(), celDifferences.flatMap(({ otherValue = [] }) => otherValue).toSorted());
  });

  const refusals = celDifferences.flatMap(({ refusals: listed = [] }) => listed);

  it('differ in what is refused only as the list of differences says', () => {
    const found = outcomes.flatMap(({ name, source, outcome }) => (typeof outcome === 'object' && !refusals.some((beginning) => outcome.refused.startsWith(beginning)) ? [`${name}: ${source}: ${outcome.refused}`] : []));
    assert.deepEqual(found, []);
  });

  for (const beginning of refusals) {
    it(`refuse something with: ${beginning}`, () => {
      assert.ok(outcomes.some(({ outcome }) => typeof outcome === 'object' && outcome.refused.startsWith(beginning)));
    });
  }
});
