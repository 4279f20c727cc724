import type { DiagnosticView } from '../../../schemas/protocol/method.ts';
import type { View } from '../terminal.ts';
import { formatCount, oneLine } from './format.ts';

/** `file:line:column: severity: message`, the form that editors and CI systems know; a message stays on one line. */
export function renderDiagnostic({ file, line, column, severity, message }: DiagnosticView, { style }: View): string {
  const format = { error: 'red', warning: 'yellow', information: 'cyan' } as const;
  return `${oneLine(file)}:${line}:${column}: ${style(format[severity], severity)}: ${oneLine(message)}`;
}

/** `3 files checked: 1 error, 2 warnings, 1 note.` */
export function renderCheckSummary(files: number, diagnostics: readonly DiagnosticView[]): string {
  const count = (severity: DiagnosticView['severity']): number => diagnostics.filter((one) => one.severity === severity).length;
  const [warnings, notes] = [count('warning'), count('information')];
  const found = [formatCount(count('error'), 'error'), ...(warnings === 0 ? [] : [formatCount(warnings, 'warning')]), ...(notes === 0 ? [] : [formatCount(notes, 'note')])];
  return `${formatCount(files, 'file')} checked: ${diagnostics.length === 0 ? 'no problems' : found.join(', ')}.`;
}
