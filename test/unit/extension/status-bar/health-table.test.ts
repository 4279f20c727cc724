import assert from 'node:assert/strict';
import { healthCommands, healthTable, type TableProject } from '../../../../extension/status-bar/health.ts';
import { alert, queue } from '../../daemon/cli/protocol-samples.ts';

const project = (queues: TableProject['queues'], fields: Partial<TableProject> = {}): TableProject => ({ name: 'shop', folder: 'file:///my%20(shop)', state: 'connected', queues, ...fields });
const rowsOf = (table: string): string[] => table.split('\n').filter((line) => line.startsWith('| ['));

describe("the status bar's table", () => {
  it('has a row for each queue, those with an alert first, and says so with an icon and words', () => {
    const table = healthTable([project([queue({ name: 'crm' }), queue({ name: 'esp', alerts: [alert({ severity: 'error' })] })])], ['esp holds [too] many.']);
    const rows = rowsOf(table);
    assert.equal(rows.length, 2);
    assert.match(rows[0] ?? '', /^\| \[esp\]\(command:sluice\.showQueue\?[^ )]+\) \| (&nbsp;){3}12,348 \| (&nbsp;){3}10 \| (&nbsp;){3}0 \| (&nbsp;){3}87 of 100\/min \| (&nbsp;){3}\$\(error\) too many jobs \|$/);
    assert.match(table, /^esp holds \\\[too\\\] many\\\.$/m);
  });

  it('links to the queue, and to its dead letters where it has any', () => {
    const [row = ''] = rowsOf(healthTable([project([queue({ name: 'esp', depth: { pending: 0, delayed: 0, active: 0, dead: 3 } })])], []));
    const [, query = ''] = /command:sluice\.showQueue\?([^ )]+)\)/.exec(row) ?? [];
    assert.deepEqual(JSON.parse(decodeURIComponent(query)), [{ folder: 'file:///my%20(shop)', queue: 'esp' }]);
    assert.match(row, /\[3\]\(command:sluice\.deadLetters\.focus\)/);
  });

  it('is bounded, and says what it leaves out', () => {
    const table = healthTable([project(Array.from({ length: 20 }, (_, index) => queue({ name: `q${index}` })))], []);
    assert.equal(rowsOf(table).length, 12);
    assert.match(table, /and 8 more queues/);
  });

  it('offers what can be done, and links to nothing that is not allowed', () => {
    const stopped = healthTable([project([], { state: 'stopped' })], []);
    assert.match(stopped, /\[Start the daemon\]\(command:sluice\.startDaemon\)/);
    const all = [stopped, healthTable([project([queue()]), project([queue()], { name: 'other', state: 'incompatible' })], [])].join('\n');
    for (const [, command = ''] of all.matchAll(/\(command:([\w.]+)/g)) assert.ok(healthCommands.includes(command), command);
    assert.match(all, /\[other: erp\]/);
  });
});
