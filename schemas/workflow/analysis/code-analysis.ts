import { actionDefinitions } from '../actions/action-definitions.ts';
import { entryOf, type DocumentNode, type MapNode, type ScalarNode } from '../document.ts';
import { parseExpression } from '../expression/expression.ts';
import type { Json } from '../json.ts';
import { jsonataProblem } from '../jsonata/jsonata-source.ts';
import type { StepCode } from '../model.ts';
import { readScript, type ScriptRead } from '../script/script-source.ts';
import type { Template } from '../template.ts';
import { message } from '../../wording/message.ts';
import { isRoot, type ExpressionPlace } from './expression-scope.ts';
import { checkQuery } from './sql-analysis.ts';
import type { TemplateReader } from './template-reader.ts';

/**
 * Code of other languages in `with`. What a script reads of its argument is checked as if each of these names were an expression of the step, and
 * its job gets them as `input`: so references, order, and what is loaded are decided as for any other step.
 */

/** The key of `with` that holds code. Kept versions are read without actions, so it is looked up by name. */
export function codeKeyOf(uses: string): string | undefined {
  return actionDefinitions.find(({ name }) => name === uses)?.code;
}

/** `input`: what was read of `with`; given back with what its code reads. */
export function readCode(templates: TemplateReader, node: MapNode, place: ExpressionPlace, uses: string, input: Template): Template {
  const key = codeKeyOf(uses);
  const code = key === undefined ? undefined : entryOf(node, key)?.value;
  if (code?.kind !== 'scalar' || typeof code.value !== 'string') return input;
  const at = code.value.indexOf('${{');
  if (at >= 0) {
    templates.report.error('bad-expression', templates.rangeIn(code, { start: at, end: at + 3 }), message("Expressions are not allowed in {key}: a value that is put into code becomes code. {remedy}", { key: `'${String(key)}'`, remedy: remedies[uses] ?? '' }));
    return input;
  }
  if (uses === 'transform/jsonata') checkJsonata(templates, code);
  if (uses === 'sql/query') checkQuery(templates, node, code);
  return uses === 'transform/script' ? readScriptInput(templates, node, code, place, input) : input;
}

const remedies: Readonly<Record<string, ReturnType<typeof message>>> = {
  'transform/script': message('The function gets values as its argument: {code}.', { code: 'export default ({ item, inputs, steps }) => …' }),
  'transform/jsonata': message("The values are in 'input': {code}.", { code: 'input: ${{ steps.list.output.body }}' }),
  'sql/query': message("Put the value into 'params', and write {code} in its place.", { code: '$1' }),
};

/** A version that was kept is run as it is. */
function checkJsonata(templates: TemplateReader, code: ScalarNode): void {
  const problem = templates.report.isKept ? undefined : jsonataProblem(String(code.value));
  if (problem !== undefined) templates.report.error('bad-script', templates.rangeIn(code, problem.range), problem.message);
}

function readScriptInput(templates: TemplateReader, node: MapNode, code: ScalarNode, place: ExpressionPlace, input: Template): Template {
  const { reads, problems } = readScript(String(code.value));
  for (const { message: text, range } of problems) templates.report.error('bad-script', templates.rangeIn(code, range), text);
  if (entryOf(node, 'input') !== undefined) {
    templates.script(code, place, []);
    return input;
  }
  const known = reads.filter(({ path }) => path[0] !== 'now' || place.item === 'now');
  templates.script(code, place, known.map(({ path, range }) => ({ source: shortPath(path).join('.'), range })));
  const entries = input.kind === 'map' ? input.entries : Object.entries(input.kind === 'literal' ? (input.value as Record<string, Json>) : {}).map(([name, value]) => [name, { kind: 'literal', value }] as const);
  return { kind: 'map', entries: [...entries, ['input', argumentOf(known, place)]] };
}

const named = ['inputs', 'vars', 'env'];

/** How far a read decides what is given: an input, a part of a step; all of anything else. */
function shortPath(path: readonly string[]): readonly string[] {
  const [root = ''] = path;
  const length = named.includes(root) ? 2 : root === 'steps' ? 3 : 1;
  const unfit = path.findIndex((name) => !/^[A-Za-z_]\w*$/.test(name));
  return path.slice(0, Math.max(1, unfit < 0 ? length : Math.min(length, unfit)));
}

/** The function's argument: a map of what it reads. */
function argumentOf(reads: readonly ScriptRead[], place: ExpressionPlace): Template {
  const paths = new Map(reads.map(({ path }) => [shortPath(path).join('.'), shortPath(path)]));
  const entries = new Map<string, Template>();
  for (const root of new Set([...paths.values()].map(([name = '']) => name))) {
    if (root !== place.item && !isRoot(root)) continue;
    const below = [...paths.values()].filter(([name]) => name === root).map(([, ...rest]) => rest);
    const isAll = below.some((rest) => rest.length === 0);
    if (root === 'steps') entries.set(root, stepsOf(below));
    else if (isAll || !named.includes(root)) entries.set(root, expressionOf(root));
    else entries.set(root, presentOf(root, below.map(([name = '']) => name)));
  }
  return { kind: 'map', entries: [...entries] };
}

/** `steps.x` alone is all there is of it. */
function stepsOf(below: readonly (readonly string[])[]): Template {
  const steps = new Map<string, readonly (readonly string[])[]>();
  for (const [id, ...rest] of below) if (id !== undefined) steps.set(id, [...(steps.get(id) ?? []), rest]);
  return {
    kind: 'map',
    entries: [...steps].map(([id, parts]) => {
      if (parts.some((part) => part.length === 0)) return [id, expressionOf(`steps.${id}`)] as const;
      return [id, { kind: 'map', entries: [...new Set(parts.map(([part = '']) => part))].map((part) => [part, expressionOf(`steps.${id}.${part}`)] as const) }] as const;
    }),
  };
}

/** Values that may be missing stay missing, as a script can tell that from null. */
function presentOf(root: string, names: readonly string[]): Template {
  const [first = '{}', ...others] = names.map((name) => `(has(${root}.${name}) ? {'${name}': ${root}.${name}} : {})`);
  return expressionOf(`${first}${others.map((other) => `.merge(${other})`).join('')}`);
}

/** Made here, so it can be parsed, unless a name is a word of the language: that is an error of its own. */
function expressionOf(source: string): Template {
  const parsed = parseExpression(source);
  return parsed.ok ? { kind: 'expression', expression: parsed.expression } : { kind: 'literal', value: null };
}

/** Undefined if its lines aren't lines of the file: folded, or in quotes over several. */
export function codeOf(text: string, node: DocumentNode | undefined, uses: string): { readonly code?: StepCode } {
  const key = codeKeyOf(uses);
  const code = key === undefined || node === undefined ? undefined : entryOf(node, key)?.value;
  if (code?.kind !== 'scalar' || typeof code.value !== 'string') return {};
  const isBlock = code.style === 'literal';
  if (!isBlock && code.value.trimEnd().includes('\n')) return {};
  const line = text.slice(0, code.source.start).split('\n').length;
  return { code: { text: code.value, line: isBlock ? line + 1 : line } };
}
