import type { SourceRange } from '../diagnostic.ts';
import { parseTree, writtenPath, type ASTNode } from './ast.ts';
import { compileTree, type Compiled } from './compiler.ts';
import { Evaluation, type Scope } from './evaluation.ts';
import { ExpressionFault, type ExpressionError } from './fault.ts';
import { usesOf, type Reference, type Uses } from './reference.ts';
import { signalFunction, statusFunctions } from './functions/general.ts';
import { toJson } from './value.ts';
import type { Json } from '../json.ts';

export { expressionCatalog, type CatalogEntry } from './catalog.ts';
export { limits as expressionLimits, type Scope } from './evaluation.ts';
export type { ExpressionError, ExpressionErrorKind } from './fault.ts';
export type { Reference } from './reference.ts';
export { toText as textOfJson } from './value.ts';

/** A parsed CEL expression. Immutable, reusable, cheap to evaluate. */
export interface Expression {
  readonly source: string;
  readonly references: readonly Reference[];
}

export type ExpressionResult = { readonly ok: true; readonly value: Json } | { readonly ok: false; readonly error: ExpressionError };
export type ParseResult = { readonly ok: true; readonly expression: Expression } | { readonly ok: false; readonly error: ExpressionError };

/** What is kept beside an expression that this module has parsed. */
class ParsedExpression implements Expression {
  readonly source: string;
  readonly references: readonly Reference[];
  // Private, so that expressions with the same source are deeply equal and print as what they are.
  readonly #compiled: Compiled;
  readonly #uses: Uses;
  readonly #secret: string | undefined;
  readonly #signal: Compiled | undefined;
  readonly #tree: ASTNode;

  constructor(source: string, tree: ASTNode) {
    this.source = source;
    this.#tree = tree;
    this.#uses = usesOf(tree);
    this.references = this.#uses.references;
    this.#compiled = compileTree(tree);
    this.#secret = secretOf(tree);
    const name = signalArgument(tree);
    this.#signal = name && compileTree(name);
  }

  get tree(): ASTNode {
    return this.#tree;
  }

  get compiled(): Compiled {
    return this.#compiled;
  }

  get uses(): Uses {
    return this.#uses;
  }

  get secret(): string | undefined {
    return this.#secret;
  }

  /** What gives the name of the signal. */
  get signal(): Compiled | undefined {
    return this.#signal;
  }
}

/**
 * Parses the CEL between `${{` and `}}`. Unknown functions and wrong numbers of arguments are found here; names and types only when it's
 * evaluated, because they are the data's. Never throws. See `limits` for how long and how deep a source may be.
 */
export function parseExpression(source: string): ParseResult {
  try {
    return { ok: true, expression: new ParsedExpression(source, parseTree(source)) };
  } catch (error) {
    return { ok: false, error: asError(error, source) };
  }
}

/**
 * Evaluates an expression. The value is plain JSON: an integer is a number, a timestamp its ISO 8601 text; NaN, infinities and integers
 * beyond 2^53 - 1 are errors. Never throws and never takes long: what is too much work ends with an error of kind `limit`. Reads from
 * the scope only what the expression comes to need. The value may share parts with the scope.
 */
export function evaluateExpression(expression: Expression, scope: Scope): ExpressionResult {
  try {
    return { ok: true, value: valueOf(parsed(expression).compiled, scope) };
  } catch (error) {
    return { ok: false, error: asError(error, expression.source) };
  }
}

function valueOf({ code, builds }: Compiled, scope: Scope): Json {
  const run = new Evaluation(scope);
  const value = toJson(code(run));
  if (builds) run.measure(value);
  return value;
}

/** What counts as true for `if`, as in GitHub Actions: all but false, null, 0 and the empty text. Empty lists and maps are true. */
export function isTruthy(value: Json): boolean {
  return value !== false && value !== null && value !== 0 && value !== '';
}

/** Whether success(), failure(), cancelled() or always() is called: then the expression itself says whether a step runs after a failure. */
export function usesStatusFunction(expression: Expression): boolean {
  return [...parsed(expression).uses.functions].some((name) => statusFunctions.has(name));
}

/** The syntax tree, with ranges within the source. */
export function treeOf(expression: Expression): ASTNode {
  return parsed(expression).tree;
}

/** NAME where the expression is exactly `secrets.NAME`, the only way in which a secret can be used. */
export function secretName(expression: Expression): string | undefined {
  return expression instanceof ParsedExpression ? expression.secret : parsed(expression).secret;
}

/** What gives `signalUrl` its name where the expression is exactly that call, the only way in which a link can be made. */
export function signalArgument(tree: ASTNode): ASTNode | undefined {
  return tree.op === 'call' && tree.args[0] === signalFunction && tree.args[1].length === 1 ? tree.args[1][0] : undefined;
}

/** Whether the expression is exactly `signalUrl(name)`. */
export function makesLink(expression: Expression): boolean {
  return parsed(expression).signal !== undefined;
}

/** The name of the signal where the expression is exactly `signalUrl(name)`; undefined if it is another one. */
export function signalName(expression: Expression, scope: Scope): ExpressionResult | undefined {
  try {
    const { signal } = parsed(expression);
    return signal && { ok: true, value: valueOf(signal, scope) };
  } catch (error) {
    return { ok: false, error: asError(error, expression.source) };
  }
}

/** Where an expression reads `secrets` in any other way than being exactly `secrets.NAME`; each is an error. */
export function secretMisuses(expression: Expression): readonly SourceRange[] {
  if (secretName(expression) !== undefined) return [];
  return expression.references.filter(({ path }) => path[0] === 'secrets').map(({ range }) => range);
}

/** An expression that went through JSON or a clone has lost its code. */
function parsed(expression: Expression): ParsedExpression {
  return expression instanceof ParsedExpression ? expression : new ParsedExpression(expression.source, parseTree(expression.source));
}

function secretOf(tree: ASTNode): string | undefined {
  const { base, segments } = writtenPath(tree);
  const [name] = segments;
  return base.op === 'id' && base.args === 'secrets' && segments.length === 1 ? name?.key : undefined;
}

function asError(error: unknown, source: string): ExpressionError {
  const whole = { start: 0, end: source.length };
  if (error instanceof ExpressionFault) return error.toError(source);
  if (error instanceof RangeError) return { kind: 'limit', message: 'This expression, or a value that it works on, is nested too deeply.', range: whole };
  // A getter of the scope.
  return { kind: 'evaluation', message: error instanceof Error ? error.message : String(error), range: whole };
}
