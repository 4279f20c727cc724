import { formatMs, type ExampleReport } from './example.ts';
import { wrap, type Narrator } from './narrator.ts';

export interface FinishedExample {
  readonly name: string;
  readonly tookMs: number;
  /** Missing where the example could not be carried through. */
  readonly report?: ExampleReport;
}

export function isPassed({ report }: FinishedExample): boolean {
  return report?.findings.every(({ ok }) => ok) === true;
}

/** What the receivers saw, line by line. */
export function tellFindings(report: ExampleReport, narrator: Narrator): void {
  const width = Math.max(...report.findings.map(({ what }) => what.length));
  narrator.event('The record of the other side:');
  for (const { what, seen, ok } of report.findings) narrator.line(`  ${mark(ok, narrator)} ${what.padEnd(width)}  ${seen}`);
}

/** All examples in one table, and below it what went wrong and was fixed. */
export function tellTable(finished: readonly FinishedExample[], narrator: Narrator): void {
  const head = ['', 'jobs', 'attempts', 'arrived', 'twice', 'limit', 'most', 'took'];
  const rows = finished.map(rowOf);
  const widths = head.map((title, index) => Math.max(title.length, ...rows.map((row) => row[index]?.length ?? 0)));
  const isLeft = (index: number): boolean => index === 0 || index === 5 || index === 6;
  const lay = (row: readonly string[]): string => row.map((cell, index) => (isLeft(index) ? cell.padEnd(widths[index] ?? 0) : cell.padStart(widths[index] ?? 0))).join('  ').trimEnd();
  narrator.line(narrator.style('dim', lay(head)));
  for (const [index, row] of rows.entries()) {
    const example = finished[index];
    narrator.line(`${lay(row)}  ${mark(example !== undefined && isPassed(example), narrator)}`);
  }
  narrator.line();
  narrator.line(narrator.style('bold', 'What went wrong, and was fixed'));
  const nameWidth = widths[0] ?? 0;
  for (const { name, report } of finished) {
    const lines = (report?.fixed ?? []).flatMap((what) => wrap(what, narrator.width - nameWidth - 3));
    for (const [index, line] of lines.entries()) narrator.line(`${(index === 0 ? name : '').padEnd(nameWidth)}  ${line}`);
  }
}

function rowOf({ name, tookMs, report }: FinishedExample): readonly string[] {
  if (report === undefined) return [name, '-', '-', '-', '-', 'not finished', '-', formatMs(tookMs)];
  const { jobs, attempts, arrived, twice, limit, most } = report;
  return [name, ...[jobs, attempts, arrived, twice].map((count) => count.toLocaleString('en-US')), limit, most, formatMs(tookMs)];
}

function mark(ok: boolean, narrator: Narrator): string {
  return ok ? narrator.style('green', '✓') : narrator.style('red', '✗');
}
