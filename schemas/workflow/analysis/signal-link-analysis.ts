import { message, sentences } from '../../wording/message.ts';
import { nodeAt } from '../document.ts';
import { childrenOf, type ASTNode } from '../expression/ast.ts';
import { makesLink, signalArgument, treeOf } from '../expression/expression.ts';
import { signalFunction } from '../expression/functions/general.ts';
import { nearestName } from '../nearest-name.ts';
import { didYouMean, quoted, type Report } from './report.ts';
import type { AnalysedStep } from './step-analysis.ts';
import type { PlacedExpression, TemplateSite } from './template-reader.ts';
import type { SourceRange } from '../diagnostic.ts';

/** Actions that send what they are given, so that somebody gets the link. */
const senders: ReadonlySet<string> = new Set(['http/request', 'webhook/send', 'email/send']);

/** Names that steps of a workflow wait for. */
export interface AwaitedSignals {
  /** Those that are written out. */
  readonly names: readonly string[];
  /** An expression gives one of them, so any other may be right. */
  readonly areOthersPossible: boolean;
}

export function awaitedSignals(steps: Iterable<AnalysedStep>): AwaitedSignals {
  const names: string[] = [];
  let areOthersPossible = false;
  for (const { step, entry } of steps) {
    if (step.uses !== 'wait/signal') continue;
    const node = nodeAt(entry.value, ['with', 'name']);
    if (node?.kind !== 'scalar' || typeof node.value !== 'string' || node.value.includes('${{')) areOthersPossible = true;
    else names.push(node.value);
  }
  return { names, areOthersPossible };
}

/** Where a workflow makes its first link; undefined if it makes none. */
export function firstLink(steps: Iterable<AnalysedStep>): SourceRange | undefined {
  for (const step of steps) {
    for (const site of step.sites) {
      const placed = isSent(step, site) ? site.expressions.find(({ expression }) => makesLink(expression)) : undefined;
      if (placed !== undefined) return rangeOf(placed, treeOf(placed.expression));
    }
  }
  return undefined;
}

/** Reports links that can't be made, and those that nothing would wait for. A version that a run keeps is read without: it was checked when it was accepted. */
export function checkLinks(report: Report, step: AnalysedStep, awaited: AwaitedSignals): void {
  for (const site of step.sites) for (const placed of site.expressions) checkExpressionLinks(report, placed, isSent(step, site), awaited);
}

/** Whether what stands there goes to somebody else. */
function isSent({ step, entry }: AnalysedStep, { node: { range } }: TemplateSite): boolean {
  const input = senders.has(step.uses) ? nodeAt(entry.value, ['with'])?.range : undefined;
  return input !== undefined && range.start >= input.start && range.end <= input.end;
}

/** Where no step sends it, there are no links. */
export function refuseLinks(report: Report, sites: readonly TemplateSite[]): void {
  for (const { expressions } of sites) for (const placed of expressions) checkExpressionLinks(report, placed, false, { names: [], areOthersPossible: true });
}

function checkExpressionLinks(report: Report, placed: PlacedExpression, isAllowed: boolean, awaited: AwaitedSignals): void {
  const tree = treeOf(placed.expression);
  const calls = callsIn(tree);
  if (calls.length === 0) return;
  const name = signalArgument(tree);
  for (const call of calls) {
    if (!isAllowed) report.error('link-not-allowed', rangeOf(placed, call), message('A link to answer a signal can stand only in what http/request, webhook/send or email/send sends: anywhere else it would be stored or shown.'));
    else if (name === undefined) report.error('link-not-allowed', rangeOf(placed, call), message('A link stands alone between its braces, as in {code}: it is made only when an attempt starts, so nothing can be calculated from it.', { code: "${{ signalUrl('approve') }}" }));
  }
  if (isAllowed && name?.op === 'value' && typeof name.args === 'string') checkName(report, placed, name, name.args, awaited);
}

function checkName(report: Report, placed: PlacedExpression, node: ASTNode, name: string, { names, areOthersPossible }: AwaitedSignals): void {
  if (areOthersPossible || names.includes(name)) return;
  const nearest = nearestName(name, names);
  const hint = didYouMean(nearest) ?? (names.length === 0 ? message('The workflow has no step with {code}.', { code: 'uses: wait/signal' }) : message('There are: {names}.', { names: names.join(', ') }));
  const quote = node.input.charAt(node.start);
  report.error('unknown-signal', rangeOf(placed, node), sentences(message('No step waits for a signal {name}, so nobody could answer it by this link.', { name: quoted(name) }), hint), nearest === undefined ? [] : [`${quote}${nearest}${quote}`]);
}

function callsIn(node: ASTNode): readonly ASTNode[] {
  const own = node.op === 'call' && node.args[0] === signalFunction ? [node] : [];
  return [...own, ...childrenOf(node).flatMap(callsIn)];
}

function rangeOf({ locate }: PlacedExpression, { start, end }: ASTNode): SourceRange {
  return locate({ start, end });
}
