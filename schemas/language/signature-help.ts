import type { SignatureHelp } from 'vscode-languageserver-types';
import { bindCallable, globalCallables, methodCallables, type Callable } from './callable.ts';
import { expressionCursor } from './expression-cursor.ts';
import type { LanguageProject } from './language-project.ts';
import { expressionBrackets, openSigns } from './open-brackets.ts';

/** What the function takes whose brackets an offset stands in, and which of its parameters is being written. */
export function signatureHelp(project: LanguageProject, path: string, offset: number): SignatureHelp | undefined {
  const file = project.files.get(path);
  const cursor = file && expressionCursor(file, offset);
  const call = cursor && openCall(cursor.source.slice(0, cursor.at));
  const callable = call && callableOf(call);
  if (call === undefined || callable === undefined) return undefined;
  const { label, parameters, description } = callable;
  let from = label.indexOf('(');
  const shown = parameters.map((parameter) => {
    const start = label.indexOf(parameter.label, from);
    from = start + parameter.label.length;
    return { label: [start, from] as [number, number] };
  });
  return {
    signatures: [{ label, documentation: { kind: 'markdown', value: description }, parameters: shown }],
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
    const [, dot, name] = /(\.?)\s*\b([A-Za-z_]\w*)\s*$/.exec(source.slice(0, at)) ?? [];
    if (source.charAt(at) === '(' && name !== undefined) return { name, isMethod: dot === '.', isBind: /\bcel\s*\.\s*bind\s*$/.test(source.slice(0, at)), argument: commas };
  }
  return undefined;
}

function callableOf({ name, isMethod, isBind }: OpenCall): Callable | undefined {
  return isBind ? bindCallable : (isMethod ? methodCallables : globalCallables).get(name);
}
