import { waitingJobs, type StateReport } from '../state-report.ts';
import type { View } from '../terminal.ts';
import { formatAge, formatBytes, formatCount, oneLine, say } from './format.ts';
import { wrap } from './text-width.ts';

/** `sluice state` */
export function renderStateReport(report: StateReport, view: View): string {
  const { files, jobs } = report;
  const lines = [wrap(whoseText(report), view.width), ''];
  for (const { name, bytes, changedAt } of files) lines.push(`  ${oneLine(name)}  ${formatBytes(bytes)}, changed ${formatAge(changedAt, view)}`);
  if (jobs !== undefined) {
    const waiting = waitingJobs(report);
    const content = say('{waiting, plural, one {# job waits in it, and {dead}.} other {# jobs wait in it, and {dead}.}}', { waiting, dead: formatCount(jobs['dead'] ?? 0, 'dead letter') });
    lines.push('', `${content}${hasLog(report) ? ' What store.db-wal holds is not counted.' : ''}`);
  } else if (files.some(({ name }) => name.startsWith('store.db'))) {
    // A store that no daemon has closed may be in its log alone.
    lines.push('', hasLog(report) ? "What waits can't be counted: store.db-wal holds it, which only a daemon reads. While your daemon runs, `sluice status` counts it." : "Its store.db can't be read as a store.");
  }
  return lines.join('\n').trimEnd();
}

function whoseText({ origin, reason, folder }: StateReport): string {
  switch (origin) {
    case 'fresh':
      return `No daemon of yours has run here yet; ${folder} holds no store.`;
    case 'own':
      return `${folder} was made by your daemon, here.`;
    case 'foreign':
      return `${folder} was not made by your daemon, here. ${reason ?? ''} \`sluice state adopt\` uses it from now on, \`sluice state set-aside\` puts it aside.`;
    case 'unsafe':
      return reason ?? '';
  }
}

function hasLog({ files }: StateReport): boolean {
  return files.some(({ name, bytes }) => name === 'store.db-wal' && bytes > 0);
}
