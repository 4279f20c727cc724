import assert from 'node:assert/strict';
import { renderTop, sparkline, topHelp, type TopFrame, type TopView } from '../../../../../daemon/cli/render/top.ts';
import { widthOf } from '../../../../../daemon/cli/render/text-width.ts';
import type { DaemonStatus } from '../../../../../schemas/protocol/daemon-status.ts';
import { alert, job, minutesAgo, now, queue, terminal80 } from '../protocol-samples.ts';

const status: DaemonStatus = {
  pid: 1, version: '1.2.3', project: '/srv/shop', endpoint: 'http://127.0.0.1:1', startedAt: minutesAgo(125), uptimeMs: 7_500_000, durability: 'full',
  store: { ok: true, bytes: 4096, kind: 'embedded' }, problems: 0, runs: { running: 3 }, lateOutcomes: 0,
  queues: [queue({ alerts: [alert({ value: 12_345 })] }), queue({ name: 'mail', depth: { pending: 0, delayed: 0, active: 0, dead: 2 }, forecast: { state: 'idle' }, paused: true })],
};
const log = JSON.stringify({ level: 30, time: now, msg: 'ready', port: 1234 });
const frame: TopFrame = {
  status, absence: undefined, selected: 'erp', history: new Map([['erp', [0, 1, 8, 4]]]), active: [job({ state: 'active', attemptCount: 1 })], log: [log], overlay: undefined, footer: undefined,
};
const view: TopView = { ...terminal80, width: 80, height: 24 };

describe('the screen of top', () => {
  it('has queues with their last minutes, alerts, active jobs, the log and the keys, at 80 columns', () => {
    assert.equal(
      renderTop(frame, view).join('\n').replace(/\n{4,}/, '\n\n'),
      `shop  up 2h  3 runs  12,348 jobs wait                                   10:00:00

   QUEUE  PENDING  DELAYED  ACTIVE  DEAD      RATE USED  EMPTY IN  LAST 2 MIN
>  erp     12,345        3   10/10     0  87 of 100/min        2h  ·········▁█▄
   mail         0        0    0/10     2  87 of 100/min         -  ············

⚠ Warning for 2m: erp has 12,345 jobs waiting; the threshold is 5,000.
⚠ mail is paused.

ACTIVE IN erp
  j40  deal book  deal-7  attempt 1, due 30m ago

LOG
10:00:00 INFO ready port=1234

Up/Down choose  p pause  r resume  w why  ? help  q quit`,
    );
  });

  it('is as high as the terminal and no wider, whatever it is, with the keys in the last line', () => {
    const many = { ...status, queues: Array.from({ length: 60 }, (_, index) => queue({ name: `queue_with_a_long_name_${index}`, alerts: [alert()] })) };
    for (const [width, height] of [[80, 24], [40, 10], [200, 60], [40, 5]] as const) {
      for (const one of [frame, { ...frame, status: many, selected: 'queue_with_a_long_name_59' }, { ...frame, overlay: topHelp }, { ...frame, status: undefined }]) {
        const lines = renderTop(one, { ...view, width, height });
        assert.equal(lines.length, height);
        for (const line of lines) assert.ok(widthOf(line) <= width, line);
        assert.match(lines.at(-1) ?? '', /^Up\/Down choose/);
      }
    }
  });

  it('keeps the selected queue in sight among many', () => {
    const queues = Array.from({ length: 60 }, (_, index) => queue({ name: `q${index}` }));
    for (const selected of ['q0', 'q31', 'q59']) assert.ok(renderTop({ ...frame, status: { ...status, queues }, selected }, view).some((line) => line.startsWith(`>  ${selected} `)), selected);
  });

  it('says what is the matter, in words', () => {
    const lines = renderTop({ ...frame, absence: 'The daemon has gone.', status: { ...status, store: { ...status.store, ok: false, problem: 'The disk is full.' }, problems: 1 } }, view).join('\n');
    for (const text of ['The daemon has gone.', '✖ The store: The disk is full.', '⚠ 1 error in files: sluice validate', '⚠ Warning for 2m: erp has', '⚠ mail is paused.']) assert.ok(lines.includes(text), `${text}\n${lines}`);
  });

  it('lets nothing of a payload or a log move the cursor', () => {
    const lines = renderTop({ ...frame, active: [job({ key: 'a\u001b[2Jb' })], log: [JSON.stringify({ level: 30, time: now, msg: 'x\u001b]0;title\u0007' }), '\u001b[31mraw'] }, view).join('\n');
    assert.ok(!lines.includes('\u001b'), JSON.stringify(lines));
  });
});

describe('a sparkline', () => {
  it('is by its greatest value, with dots for nothing', () => {
    assert.equal(sparkline([0, 1, 8, 4]), '·········▁█▄');
    assert.equal(sparkline([]), '············');
    assert.equal(sparkline([5, 5]), '··········██');
    assert.equal(sparkline(Array.from({ length: 40 }, (_, index) => index)).length, 12);
  });
});
