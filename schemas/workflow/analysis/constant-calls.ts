import type { SourceRange } from '../diagnostic.ts';
import { type ASTNode, childrenOf } from '../expression/ast.ts';
import { evaluateExpression, type Expression, type ExpressionError, parseExpression, treeOf } from '../expression/expression.ts';
import { signalFunction, statusFunctions } from '../expression/functions/general.ts';

/** A part of an expression that fails for whatever values there are. */
export interface ConstantFailure {
  /** Within the source. */
  readonly range: SourceRange;
  readonly message: string;
}

/** What these give isn't in the expression. */
const outside: ReadonlySet<string> = new Set(['now', signalFunction, ...statusFunctions]);

/**
 * Parts of an expression that are the same in each run and fail: `timestamp('2025-02-30T00:00:00Z')`, a pattern that is not a regular expression, a division by 0. They are
 * evaluated as they are in a run.
 */
export function constantFailures(expression: Expression): readonly ConstantFailure[] {
  const { source } = expression;
  const failures: ConstantFailure[] = [];
  const sourceOf = ({ start, end }: ASTNode): string => source.slice(start, end);
  const look = (node: ASTNode): void => {
    if (isConstant(node)) {
      if (node.op === 'value') return;
      const error = failureOf(sourceOf(node));
      if (error !== undefined) failures.push({ range: { start: node.start + error.range.start, end: node.start + error.range.end }, message: error.message });
      return;
    }
    const [tested, operand] = operandOf(node, sourceOf) ?? [];
    const error = tested === undefined ? undefined : failureOf(tested);
    if (operand !== undefined && error !== undefined) failures.push({ range: { start: operand.start, end: operand.end }, message: error.message });
    for (const child of childrenOf(node)) look(child);
  };
  look(treeOf(expression));
  return failures;
}

/** An operand that makes a whole fail, whatever the others are: an expression that fails by it alone, and the operand. */
function operandOf(node: ASTNode, sourceOf: (node: ASTNode) => string): readonly [tested: string, operand: ASTNode] | undefined {
  if (node.op === '/' || node.op === '%') {
    const [, divisor] = node.args;
    return isConstant(divisor) ? [`1 ${node.op} (${sourceOf(divisor)})`, divisor] : undefined;
  }
  if (node.op !== 'rcall' || node.args[0] !== 'matches') return undefined;
  const [pattern] = node.args[2];
  return pattern !== undefined && isConstant(pattern) ? [`''.matches(${sourceOf(pattern)})`, pattern] : undefined;
}

/** Whether nothing but literals is in it. */
function isConstant(node: ASTNode): boolean {
  if (node.op === 'id' || ((node.op === 'call' || node.op === 'rcall') && outside.has(node.args[0]))) return false;
  return childrenOf(node).every(isConstant);
}

function failureOf(source: string): ExpressionError | undefined {
  const parsed = parseExpression(source);
  if (!parsed.ok) return undefined;
  const result = evaluateExpression(parsed.expression, {});
  // What is too much for one evaluation says nothing of another.
  return result.ok || result.error.kind !== 'evaluation' ? undefined : result.error;
}
