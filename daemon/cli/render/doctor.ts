import type { View } from '../terminal.ts';
import { formatCount, indent, oneLine } from './format.ts';

/** One thing that was looked at. `detail` says what was found, and where it is wrong what would mend it. */
export interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

/** `sluice doctor`: a tick or a cross and words for each. */
export function renderChecks(checks: readonly Check[], { style }: View): string {
  const width = Math.max(0, ...checks.map(({ name }) => name.length));
  const lines = checks.map(({ name, ok, detail }) => {
    const mark = ok ? style('green', '✓ ok  ') : style('red', '✗ FAIL');
    return `${mark}  ${name.padEnd(width)}  ${oneLine(detail)}`;
  });
  const failed = checks.filter(({ ok }) => !ok).length;
  return `${indent(lines.join('\n'))}\n\n${failed === 0 ? 'All is well.' : `${formatCount(failed, 'check')} failed.`}`;
}
