import { Type, type Static } from 'typebox';
import { Name } from './shape.ts';
import type { Diagnostic } from '../workflow/diagnostic.ts';
import { english } from '../wording/language.ts';
import { LineMap } from '../workflow/line-map.ts';

export const DiagnosticView = Type.Object({
  file: Type.String({ description: "Relative to the project's folder, with forward slashes." }),
  line: Type.Integer({ description: 'From 1.' }),
  column: Type.Integer({ description: 'From 1, in UTF-16 code units.' }),
  endLine: Type.Integer(),
  endColumn: Type.Integer(),
  severity: Type.Union([Type.Literal('error'), Type.Literal('warning'), Type.Literal('information')]),
  code: Type.String(),
  message: Type.String(),
  suggestions: Type.Optional(Type.Array(Type.String())),
});
export type DiagnosticView = Static<typeof DiagnosticView>;

export const WorkflowView = Type.Object({
  id: Name,
  name: Type.String(),
  description: Type.Optional(Type.String()),
  file: Type.String(),
  valid: Type.Boolean(),
  inputs: Type.Optional(Type.Unknown({ description: 'JSON Schema of its inputs; missing where the file has errors.' })),
  queues: Type.Array(Type.String(), { description: 'Queues that its steps use.' }),
  schedules: Type.Optional(Type.Integer({ description: 'How many schedules it has; missing where it has none.' })),
  webhook: Type.Optional(Type.String({ description: 'The path of its webhook, below `/hooks/`; missing where it has none.' })),
});
export type WorkflowView = Static<typeof WorkflowView>;

export const EvaluationView = Type.Object({
  value: Type.Optional(Type.Unknown({ description: 'Missing where there is an error, or where it is larger than 256 KiB.' })),
  size: Type.Optional(Type.Integer({ description: 'Of a value that is too large: characters of its JSON.' })),
  preview: Type.Optional(Type.String({ description: 'Of a value that is too large: the beginning of its JSON.' })),
  error: Type.Optional(
    Type.Object({
      kind: Type.String({ description: '`syntax`, `unknown-function`, `type`, `missing`, `limit` or `evaluation`.' }),
      message: Type.String(),
      start: Type.Integer({ description: 'Within the expression, from 0, in UTF-16 code units.' }),
      end: Type.Integer(),
    }),
  ),
});
export type EvaluationView = Static<typeof EvaluationView>;

/** The findings of one file as people and messages see them: by line and column. `file` is what they are to be named by. */
export function diagnosticViews(file: string, text: string, diagnostics: readonly (Omit<Diagnostic, 'code'> & { readonly code: string })[]): readonly DiagnosticView[] {
  const lines = new LineMap(text);
  return diagnostics.map(({ severity, code, message, range, suggestions }) => {
    const { line, column } = lines.positionAt(range.start);
    const end = lines.positionAt(range.end);
    return { file, line, column, endLine: end.line, endColumn: end.column, severity, code, message: english.textOf(message), ...(suggestions === undefined ? {} : { suggestions: [...suggestions] }) };
  });
}
