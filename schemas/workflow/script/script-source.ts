import { parse, type AnyNode, type Pattern, type Program } from 'acorn';
import type { SourceRange } from '../diagnostic.ts';
import { isExactNumber } from '../exact-json.ts';
import { message, verbatim, type Message } from '../../wording/message.ts';

/**
 * What can be said of the code of `transform/script` without running it: whether it is JavaScript, and what its function reads of its argument.
 * Only that goes into the payload of a job, so that a script which reads `inputs.limit` isn't sent the list of a million items beside it.
 */

/** Something that the function reads of its argument: `steps.list.output`. A call of a method (`inputs.list.map(...)`) reads what it is called on. */
export interface ScriptRead {
  readonly path: readonly string[];
  /** From its first name to its last one. */
  readonly range: SourceRange;
}

export interface ScriptProblem {
  readonly message: Message;
  readonly range: SourceRange;
}

export interface ScriptSource {
  readonly reads: readonly ScriptRead[];
  readonly problems: readonly ScriptProblem[];
}

type Node = AnyNode;
type FunctionNode = Extract<Node, { type: 'FunctionDeclaration' | 'FunctionExpression' | 'ArrowFunctionExpression' }>;

/** Nodes inside of nodes that are looked at; code of minified libraries stays below. */
const maxDepth = 1000;

/** Reads the code of a script. Never throws. */
export function readScript(code: string): ScriptSource {
  let program: Program;
  try {
    program = parse(code, { ecmaVersion: 2023, sourceType: 'module' });
  } catch (error) {
    if (error instanceof RangeError) return { reads: [], problems: [{ message: message('The script is nested too deeply.'), range: { start: 0, end: 0 } }] };
    return { reads: [], problems: [syntaxProblem(error, code)] };
  }
  return new ScriptReader(code).read(program);
}

/** acorn's errors say the place in their text as well: `Unexpected token (1:7)`. */
function syntaxProblem(error: unknown, code: string): ScriptProblem {
  const { pos = 0 } = error as { readonly pos?: number };
  const text = error instanceof Error ? error.message.replace(/\s*\(\d+:\d+\)$/, '') : String(error);
  return { message: message('The script is not valid JavaScript: {problem}.', { problem: verbatim(text) }), range: { start: Math.min(pos, Math.max(0, code.length - 1)), end: Math.min(pos + 1, code.length) } };
}

class ScriptReader {
  readonly #code: string;
  readonly #reads: ScriptRead[] = [];
  readonly #problems: ScriptProblem[] = [];
  /** What names of the code stand for: paths below the function's argument. */
  readonly #bound = new Map<string, readonly string[]>();
  readonly #functions = new Map<string, FunctionNode>();

  constructor(code: string) {
    this.#code = code;
  }

  read(program: Program): ScriptSource {
    for (const node of program.body) if (node.type === 'FunctionDeclaration') this.#functions.set(node.id.name, node);
    for (const node of program.body) if (node.type === 'VariableDeclaration') this.#collectFunctions(node);
    this.#walk(program, 0, (node) => this.#checkAnywhere(node));
    const exported = program.body.find((node) => node.type === 'ExportDefaultDeclaration');
    if (exported === undefined) {
      this.#problem(message('The script has no default export: write {code}.', { code: 'export default ({ item }) => …' }), { start: 0, end: Math.min(this.#code.length, Math.max(1, this.#code.indexOf('\n'))) });
      return this.#result();
    }
    const main = this.#functionOf(exported.declaration);
    if (main === undefined) {
      this.#problem(message('The default export has to be a function, such as {code}.', { code: '({ item }) => …' }), exported.declaration);
      return this.#result();
    }
    if (main.generator) this.#problem(message('The function can be async, but not a generator: its result has to be a value.'), main);
    const [argument] = main.params;
    if (argument !== undefined) this.#bind(argument, []);
    this.#walk(main.body, 0, (node) => this.#readAt(node));
    for (const parameter of main.params) this.#walk(parameter, 0, (node) => this.#readDefault(node));
    return this.#result();
  }

  #result(): ScriptSource {
    return { reads: this.#reads, problems: this.#problems };
  }

  #collectFunctions({ declarations }: Extract<Node, { type: 'VariableDeclaration' }>): void {
    for (const { id, init } of declarations) {
      if (id.type === 'Identifier' && (init?.type === 'ArrowFunctionExpression' || init?.type === 'FunctionExpression')) this.#functions.set(id.name, init);
    }
  }

  #functionOf(node: Node): FunctionNode | undefined {
    switch (node.type) {
      case 'FunctionDeclaration':
      case 'FunctionExpression':
      case 'ArrowFunctionExpression':
        return node;
      case 'ParenthesizedExpression':
        return this.#functionOf(node.expression);
      case 'Identifier':
        return this.#functions.get(node.name);
      default:
        return undefined;
    }
  }

  #checkAnywhere(node: Node): boolean {
    if (node.type === 'ImportDeclaration' || node.type === 'ImportExpression') this.#problem(message("A script can't import anything."), node);
    if ((node.type === 'ExportNamedDeclaration' || node.type === 'ExportAllDeclaration') && node.source !== null && node.source !== undefined) this.#problem(message("A script can't import anything."), node);
    if (node.type === 'Literal' && typeof node.value === 'number' && node.raw !== undefined && /^\d+$/.test(node.raw) && !isExactNumber(node.raw)) {
      this.#problem(message('The number {number} would become {becomes}, because numbers beyond 2^53 keep about 16 digits: write it as text, or as {bigint}.', { number: node.raw, becomes: String(node.value), bigint: `${node.raw}n` }), node);
    }
    return true;
  }

  /** Names of a pattern that what is at `path` is taken apart by. */
  #bind(pattern: Pattern, path: readonly string[]): void {
    switch (pattern.type) {
      case 'Identifier':
        this.#bound.set(pattern.name, path);
        return;
      case 'AssignmentPattern':
        this.#bind(pattern.left, path);
        return;
      case 'ObjectPattern':
        for (const property of pattern.properties) {
          if (property.type === 'RestElement') {
            this.#whole(path, property);
            continue;
          }
          const name = keyOf(property.key, property.computed);
          if (name === undefined) this.#whole(path, property.key);
          else if (property.value.type === 'Identifier' || (property.value.type === 'AssignmentPattern' && property.value.left.type === 'Identifier')) {
            this.#add([...path, name], property.key);
            this.#bind(property.value, [...path, name]);
          } else this.#bind(property.value, [...path, name]);
        }
        return;
      default:
        this.#whole(path, pattern);
    }
  }

  /** Of a parameter, only values that stand in for what is missing read anything. */
  #readDefault(node: Node): boolean {
    if (node.type !== 'AssignmentPattern') return true;
    this.#walk(node.right, 0, (inner) => this.#readAt(inner));
    return true;
  }

  /** False if what is inside has been looked at. */
  #readAt(node: Node): boolean {
    if (node.type === 'VariableDeclarator' && node.init !== null && node.init !== undefined && node.id.type === 'ObjectPattern') {
      const chain = this.#chainOf(node.init);
      if (chain !== undefined) {
        this.#bind(node.id, chain.path);
        return false;
      }
    }
    if (node.type === 'CallExpression' && node.callee.type === 'MemberExpression') {
      const chain = this.#chainOf(node.callee.object);
      if (chain !== undefined) {
        this.#read(chain);
        if (node.callee.computed) this.#walk(node.callee.property, 0, (inner) => this.#readAt(inner));
        for (const argument of node.arguments) this.#walk(argument, 0, (inner) => this.#readAt(inner));
        return false;
      }
    }
    const chain = node.type === 'MemberExpression' || node.type === 'Identifier' ? this.#chainOf(node) : undefined;
    if (chain === undefined) return true;
    this.#read(chain);
    return false;
  }

  /** A name of the argument, and the properties behind it as far as they are fixed. */
  #chainOf(node: Node): ScriptRead | undefined {
    switch (node.type) {
      case 'Identifier': {
        const path = this.#bound.get(node.name);
        return path && { path, range: { start: node.start, end: node.end } };
      }
      case 'ChainExpression':
      case 'ParenthesizedExpression':
        return this.#chainOf(node.expression);
      case 'MemberExpression': {
        const base = this.#chainOf(node.object);
        const name = base && keyOf(node.property, node.computed);
        return name === undefined ? undefined : { path: [...(base?.path ?? []), name], range: { start: base?.range.start ?? node.start, end: node.property.end } };
      }
      default:
        return undefined;
    }
  }

  #read({ path, range }: ScriptRead): void {
    if (path.length === 0) this.#whole(path, range);
    else this.#reads.push({ path, range });
  }

  #add(path: readonly string[], { start, end }: SourceRange): void {
    // `({ inputs }) =>` alone reads nothing of it: what follows the name does. Other names are small.
    if (path.length >= 2 || !['inputs', 'steps', 'vars', 'env'].includes(path[0] ?? '')) this.#reads.push({ path, range: { start, end } });
  }

  #whole(path: readonly string[], { start, end }: SourceRange): void {
    if (path.length > 0) this.#reads.push({ path, range: { start, end } });
    else this.#problem(message('Write out what the function reads, as in {code}: only that is given to it.', { code: '({ item, inputs, steps }) => …' }), { start, end });
  }

  #problem(text: Message, { start, end }: SourceRange): void {
    this.#problems.push({ message: text, range: { start, end } });
  }

  /** Calls back for each node from the outside in, and for those inside if it answers true. Names of properties that are no values are left out. */
  #walk(node: Node, depth: number, look: (node: Node) => boolean): void {
    if (depth > maxDepth || !look(node)) return;
    for (const child of childrenOf(node)) this.#walk(child, depth + 1, look);
  }
}

function keyOf(node: Node, isComputed: boolean): string | undefined {
  if (!isComputed && node.type === 'Identifier') return node.name;
  return node.type === 'Literal' && typeof node.value === 'string' ? node.value : undefined;
}

function childrenOf(node: Node): readonly Node[] {
  return Object.entries(node).flatMap(([key, value]: [string, unknown]) => (isName(node, key) ? [] : (Array.isArray(value) ? value : [value]).filter(isNode)));
}

/** Whether what is at a key of a node is the name of a property, and no value: `b` of `a.b` and of `{ b: a }`. */
function isName(node: Node, key: string): boolean {
  if (node.type === 'MemberExpression') return key === 'property' && !node.computed;
  return key === 'key' && (node.type === 'Property' || node.type === 'MethodDefinition' || node.type === 'PropertyDefinition') && !node.computed;
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string' && typeof (value as { start?: unknown }).start === 'number';
}
