import type { SignatureHelp } from 'vscode-languageserver-types';
import { type ExpressionFunction, resultOf, takenAt } from '../workflow/expression/argument.ts';
import { comprehensionNames } from '../workflow/expression/ast.ts';
import { macros } from '../workflow/expression/catalog.ts';
import { globalFunctions, methodFunctions } from '../workflow/expression/function.ts';
import { describeType, type ExpressionType, type TypeKind } from '../workflow/expression/type.ts';
import { english, type Language } from '../wording/language.ts';
import { expressionCursor } from './expression-cursor.ts';
import type { LanguageProject } from './language-project.ts';
import { expressionBrackets, openSigns } from './open-expression.ts';

/** What the function takes whose brackets an offset is in, and which of its parameters is being written. */
export function signatureHelp(project: LanguageProject, path: string, offset: number, language = english): SignatureHelp | undefined {
  const file = project.files.get(path);
  const cursor = file && expressionCursor(file, offset);
  const call = cursor && openCall(cursor.source.slice(0, cursor.at));
  const callable = call && callableOf(call);
  if (call === undefined || callable === undefined) return undefined;
  const { label, parameters } = callable;
  let from = label.indexOf('(');
  const shown = parameters.map((parameter) => {
    const start = label.indexOf(parameter.label, from);
    from = start + parameter.label.length;
    return { label: [start, from] as [number, number] };
  });
  return {
    signatures: [{ label, documentation: { kind: 'markdown', value: describeCallable(callable, language) }, parameters: shown }],
    activeSignature: 0,
    // The last one of `format` takes any number.
    activeParameter: Math.min(call.argument, Math.max(0, parameters.length - 1)),
  };
}

interface OpenCall {
  readonly name: string;
  readonly isMethod: boolean;
  readonly isBind: boolean;
  /** Which argument, from 0. */
  readonly argument: number;
}

/** The innermost call whose brackets are open at the end of a source. */
function openCall(source: string): OpenCall | undefined {
  for (const { at, commas } of openSigns(source, expressionBrackets).brackets.toReversed()) {
    const [, holder, dot, name] = /(?:(?<![.\w])([A-Za-z_]\w*)\s*)?(\.?)\s*\b([A-Za-z_]\w*)\s*$/.exec(source.slice(0, at)) ?? [];
    if (source.charAt(at) !== '(' || name === undefined) continue;
    const inNamespace = `${holder ?? ''}.${name}`;
    if (dot === '.' && globalCallables.has(inNamespace)) return { name: inNamespace, isMethod: false, isBind: false, argument: commas };
    return { name, isMethod: dot === '.', isBind: holder === 'cel' && name === 'bind', argument: commas };
  }
  return undefined;
}

function callableOf({ name, isMethod, isBind }: OpenCall): Callable | undefined {
  return isBind ? bindCallable : (isMethod ? methodCallables : globalCallables).get(name);
}

/** A function, method or macro as an editor shows it. */
export interface Callable {
  readonly name: string;
  readonly kind: 'function' | 'method' | 'macro';
  readonly parameters: readonly CallableParameter[];
  /** `contains(in: text | list, part: any): boolean`. */
  readonly label: string;
  readonly description: string;
  readonly example: ExpressionFunction['example'];
  /** Of a macro, whose parameters say little: how it is written. */
  readonly usage?: string;
  /** Kinds of values that it is called on; undefined: on any, or on none. */
  readonly receiver: readonly TypeKind[] | undefined;
}

export interface CallableParameter {
  /** As it is in the label. */
  readonly label: string;
  readonly name: string;
  readonly isOptional: boolean;
}

/** As Markdown. */
export function describeCallable({ description, usage, example: [source, value] }: Callable, { dataText, say }: Language): string {
  const shown = value === undefined ? `\`${source}\`` : `\`${source}\` → \`${JSON.stringify(value)}\``;
  const lines = [dataText(description), ...(usage === undefined ? [] : [say('Usage: {code}', { code: `\`${usage}\`` })]), say('Example: {code}', { code: shown })];
  return lines.join('\n\n');
}

/** What stands alone: functions, and the macros that do. */
export const globalCallables: ReadonlyMap<string, Callable> = new Map([
  ...[...globalFunctions].map(([name, entry]) => [name, callable(name, 'function', entry)] as const),
  ...['has', 'default'].flatMap((name) => macroCallable(name, undefined)),
]);

/** What is called on a value. */
export const methodCallables: ReadonlyMap<string, Callable> = new Map([
  ...[...methodFunctions].map(([name, entry]) => [name, callable(name, 'method', entry)] as const),
  ...comprehensionNames.flatMap((name) => macroCallable(name, ['list', 'map'])),
]);

/** `cel.bind()`. */
export const bindCallable: Callable | undefined = macroCallable('bind', undefined)[0]?.[1];

function callable(name: string, kind: 'function' | 'method', called: ExpressionFunction): Callable {
  const { parameters, description, example } = called;
  const shown = parameters.slice(kind === 'method' ? 1 : 0).map((written, index) => parameter(written, takenAt(called, kind === 'method' ? index + 1 : index)));
  return { name, kind, parameters: shown, label: labelOf(name, shown, resultOf(called, [])), description, example, receiver: kind === 'method' ? takenAt(called, 0) : undefined };
}

function macroCallable(name: string, receiver: readonly TypeKind[] | undefined): readonly (readonly [string, Callable])[] {
  const macro = macros.get(name);
  if (macro === undefined) return [];
  const parameters = macro.parameters.map((written): CallableParameter => ({ name: written.replace(/\?$/, ''), label: written, isOptional: written.endsWith('?') }));
  const label = `${name === 'bind' ? 'cel.' : ''}${name}(${parameters.map((one) => one.label).join(', ')})`;
  return [[name, { name, kind: 'macro', parameters, label, description: macro.description, example: macro.example, usage: macro.usage, receiver }]];
}

function parameter(written: string, kinds: readonly TypeKind[] | undefined): CallableParameter {
  return { name: written.replace(/^\.\.\.|\?$/g, ''), label: `${written}: ${kinds === undefined ? 'any' : kinds.join(' | ')}`, isOptional: written.startsWith('...') || written.endsWith('?') };
}

function labelOf(name: string, parameters: readonly CallableParameter[], result: ExpressionType): string {
  return `${name}(${parameters.map(({ label }) => label).join(', ')}): ${describeType(result)}`;
}
