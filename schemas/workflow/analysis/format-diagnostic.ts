import type { Diagnostic } from '../diagnostic.ts';
import { LineMap } from '../line-map.ts';
import { english } from '../../wording/language.ts';

/** `file:line:column: severity: message`, as compilers write it and editors' problem matchers read it. */
export function formatDiagnostic(path: string, source: string | LineMap, { severity, message, range }: Diagnostic): string {
  const { line, column } = (typeof source === 'string' ? new LineMap(source) : source).positionAt(range.start);
  return `${path}:${line}:${column}: ${severity}: ${english.textOf(message).replace(/\s*[\r\n]+\s*/g, ' ')}`;
}
