import { entryOf, type DocumentNode } from '../document.ts';
import { checkExpression, fieldOf, type TypeProblem } from '../expression/checker.ts';
import { alternativesOf, asJsonType, describeType, textType, typeOfValue, unionOf, type ExpressionType } from '../expression/type.ts';
import { treeOf } from '../expression/expression.ts';
import { constantFailures } from './constant-calls.ts';
import { capitalised } from './map-reader.ts';
import { quoted, type Report } from './report.ts';
import type { AnalysedStep } from './step-analysis.ts';
import type { PlacedExpression, TemplateSite } from './template-reader.ts';
import type { WorkflowTypes } from './workflow-types.ts';
import { message, sentences } from '../../wording/message.ts';
import { english } from '../../wording/language.ts';

/** Reports what is wrong with the types of a step's expressions: only what is wrong for certain. */
export function checkTypes(report: Report, { entry, sites, step }: AnalysedStep, types: WorkflowTypes): void {
  const given = new Map<DocumentNode, ExpressionType>();
  const source = step.foreach?.source;
  const items = source?.kind === 'items' && source.items.kind === 'expression' ? source.items.expression : undefined;
  for (const site of sites) {
    for (const placed of site.expressions) {
      const type = checkExpression(treeOf(placed.expression), { scope: types.scopeAt(site.place), onProblem: (problem) => { reportProblem(report, problem, placed); } });
      reportConstantFailures(report, placed);
      given.set(site.node, isAlone(site) ? asJsonType(type) : textType);
      if (site.form === 'condition') checkCondition(report, placed, type);
      if (placed.expression === items && !allows(type, ['list', 'unknown'])) report.error('type-mismatch', whole(placed), message("'items' is a list, but this expression gives {type}.", { type: describeType(type) }));
    }
  }
  const input = entryOf(entry.value, 'with')?.value;
  if (input !== undefined) checkInput(report, input, "'with'", types.inputOf(step.id), given);
}

/** Reports expressions that give an action what it never takes. `given`: what the expressions of a scalar give. */
function checkInput(report: Report, node: DocumentNode, name: string, wanted: ExpressionType, given: ReadonlyMap<DocumentNode, ExpressionType>): void {
  switch (node.kind) {
    case 'scalar': {
      const type = given.get(node);
      if (type !== undefined && !canBe(type, wanted) && !report.hasErrorWithin(node.range)) report.error('type-mismatch', node.range, message('{name} takes {wanted}, but this is {given}.', { name: capitalised(name), wanted: describeType(wanted), given: describeType(type) }));
      break;
    }
    case 'list':
      for (const item of node.items) checkInput(report, item, `an item of ${name}`, unionOf(alternativesOf(wanted).flatMap((one) => (one.kind === 'list' ? [one.items] : []))), given);
      break;
    case 'map':
      for (const { key, value } of node.entries) checkInput(report, value, quoted(key), unionOf(alternativesOf(wanted).flatMap((one) => fieldOf(one, key)?.type ?? [])), given);
      break;
  }
}

function canBe(type: ExpressionType, wanted: ExpressionType): boolean {
  return alternativesOf(type).some((a) =>
    alternativesOf(wanted).some((b) => {
      if (a.kind === 'unknown' || b.kind === 'unknown') return true;
      if (a.kind !== b.kind) return false;
      return a.kind !== 'text' || b.kind !== 'text' || a.values === undefined || b.values === undefined || a.values.some((value) => b.values?.includes(value));
    }),
  );
}

/** Whether a scalar is nothing but one expression, so that it keeps its type. */
function isAlone({ node, expressions }: TemplateSite): boolean {
  return expressions.length === 1 && /^\$\{\{[^]*\}\}[\r\n]*$/.test(String(node.value));
}

/** Reports the same for expressions outside of steps. `inputs`: the maps in which triggers give the workflow its inputs. */
export function checkTypesOutside(report: Report, sites: readonly TemplateSite[], types: WorkflowTypes, ...inputs: readonly (DocumentNode | undefined)[]): void {
  const given = new Map<DocumentNode, ExpressionType>();
  for (const site of sites) {
    if (site.expressions.length === 0) given.set(site.node, typeOfValue(site.node.value));
    for (const placed of site.expressions) {
      const type = checkExpression(treeOf(placed.expression), { scope: types.scopeAt(site.place), onProblem: (problem) => { reportProblem(report, problem, placed); } });
      reportConstantFailures(report, placed);
      given.set(site.node, isAlone(site) ? asJsonType(type) : textType);
      if (site.form === 'condition') checkCondition(report, placed, type);
    }
  }
  for (const map of inputs) {
    if (map?.kind === 'map') for (const { key, value } of map.entries) checkInput(report, value, quoted(key), types.workflowInput(key), given);
  }
}

/** What a finding about types has said already isn't said again. */
function reportConstantFailures(report: Report, { expression, locate }: PlacedExpression): void {
  for (const { range, message: problem } of constantFailures(expression)) {
    const place = locate(range);
    if (!report.hasErrorWithin(place)) report.error('always-fails', place, message('This always fails: {problem}', { problem }));
  }
}

function reportProblem(report: Report, { kind, message, range, suggestions }: TypeProblem, { locate }: PlacedExpression): void {
  switch (kind) {
    case 'duplicate-key':
    case 'type-mismatch':
    case 'unknown-field':
      report.error(kind, locate(range), message, suggestions, `${kind} ${english.textOf(message)}`);
      break;
    case 'undeclared-field':
    case 'never-equal':
      report.warning(kind, locate(range), message, suggestions);
      break;
  }
}

/** Empty lists and maps count as true, which few expect. */
function checkCondition(report: Report, placed: PlacedExpression, type: ExpressionType): void {
  if (allows(type, ['unknown', 'null', 'boolean', 'number'])) return;
  const isNonEmptyText = alternativesOf(type).every((one) => one.kind !== 'text' || (one.values !== undefined && !one.values.includes('')));
  if (!isNonEmptyText) return;
  const hint = allows(type, ['list', 'map']) ? message('Empty lists and maps count as true as well: to ask whether there is anything in it, write size(value) > 0.') : message('Compare it with something.');
  report.warning('constant-condition', whole(placed), sentences(message('This condition is always true, because it is {type}.', { type: describeType(type) }), hint));
}

function allows(type: ExpressionType, kinds: readonly string[]): boolean {
  return alternativesOf(type).some(({ kind }) => kinds.includes(kind));
}

function whole({ expression, locate }: PlacedExpression): { readonly start: number; readonly end: number } {
  return locate({ start: 0, end: expression.source.length });
}
