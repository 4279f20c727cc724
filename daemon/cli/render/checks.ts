import type { DiagnosticView } from '../../../schemas/protocol/workflow.ts';
import type { View } from '../terminal.ts';
import { formatCount, oneLine } from './format.ts';
import { wrap } from './text-width.ts';

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

/** One thing that was looked at. `detail` says what was found and, if it is wrong, what would fix it. */
export interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

/** `sluice doctor`: a tick or a cross and words for each. */
export function renderChecks(checks: readonly Check[], view: View): string {
  const { style } = view;
  const width = Math.max(0, ...checks.map(({ name }) => name.length));
  const lines = checks.map(({ name, ok, detail }) => {
    const mark = ok ? style('green', '✓ ok  ') : style('red', '✗ FAIL');
    return wrap(`  ${mark}  ${name.padEnd(width)}  ${oneLine(detail)}`, view.width, width + 10);
  });
  const failed = checks.filter(({ ok }) => !ok).length;
  return `${lines.join('\n')}\n\n${failed === 0 ? 'All is well.' : `${formatCount(failed, 'check')} failed.`}`;
}
