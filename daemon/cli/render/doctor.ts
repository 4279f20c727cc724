import type { View } from '../terminal.ts';
import { formatCount, oneLine } from './format.ts';
import { wrap } from './text-width.ts';

/** One thing that was looked at. `detail` says what was found, and where it is wrong what would mend it. */
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
