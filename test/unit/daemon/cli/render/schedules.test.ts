import assert from 'node:assert/strict';
import { renderSchedule, renderSchedules } from '../../../../../daemon/cli/render/schedules.ts';
import type { ScheduleView } from '../../../../../schemas/protocol/trigger.ts';
import { ScriptedDaemon } from '../../../../support/scripted-daemon.ts';
import { sluice } from '../command-line.ts';
import { now, pipe, schedule, terminal80 } from '../protocol-samples.ts';
import { TemporaryProject } from '../temporary-project.ts';

const lines = (schedules: readonly ScheduleView[], view = pipe): readonly string[] => renderSchedules(schedules, view).split('\n').map((line) => line.trimEnd());

describe('schedules in a terminal', () => {
  const untold = ({ last: _last, ...rest }: ScheduleView): ScheduleView => rest;
  const several = [
    schedule(),
    untold(schedule({ id: 's2', workflow: 'report', cron: '30 2 * * *', timezone: 'America/New_York', next: ['2026-11-25T07:30:00.000Z'], missedCount: 1204, missedAt: '2026-11-24T07:30:00.000Z' })),
    untold(schedule({ id: 's3', paused: true, timezone: 'UTC' })),
    untold(schedule({ id: 's4', next: [], timezone: 'UTC', missedCount: 1, problem: 'The queue erp is full: 1 job waits,\nand its max-depth is 1.' })),
    untold(schedule({ id: 's5', next: [], timezone: 'UTC', endedAt: '2026-11-24T09:00:00.000Z', missedCount: 1, missedAt: '2026-11-24T07:30:00.000Z', missedReason: 'Its inputs did not fit.' })),
  ];

  it("say when each starts a run next, by the reader's clock and its own, what it started last, and what is wrong or was", () => {
    assert.deepEqual(lines(several), [
      'SCHEDULE  WORKFLOW  CRON        ZONE              NEXT              THERE      LAST                     MISSED  PROBLEM',
      's1        mail      0 9 * * *   Europe/Berlin     2026-11-25 08:00  Wed 09:00  2026-11-24 08:00:00 r12       0',
      's2        report    30 2 * * *  America/New_York  2026-11-25 07:30  Wed 02:30  -                         1,204',
      's3        mail      0 9 * * *   UTC               paused                       -                             0',
      's4        mail      0 9 * * *   UTC               never                        -                             1  The queue erp is full: 1 job waits, and its max-depth is 1.',
      's5        mail      0 9 * * *   UTC               catching up                  -                             1  At 2026-11-24 07:30: Its inputs did not fit.',
    ]);
  });

  it('fit into a terminal: when it starts next and what is wrong stay longest', () => {
    for (const width of [60, 80, 120]) for (const line of lines(several, { ...terminal80, width })) assert.ok(line.length <= width, `${width}: ${line}`);
    assert.deepEqual(lines(several, terminal80), [
      'SCHEDULE  WORKFLOW  CRON        NEXT              PROBLEM',
      's1        mail      0 9 * * *   2026-11-25 08:00',
      's2        report    30 2 * * *  2026-11-25 07:30',
      's3        mail      0 9 * * *   paused',
      's4        mail      0 9 * * *   never             The queue erp is full: 1 job …',
      's5        mail      0 9 * * *   catching up       At 2026-11-24 07:30: Its inpu…',
    ]);
  });

  it('say how to have a first one', () => {
    assert.match(renderSchedules([], pipe), /^No workflow has a schedule\. One begins with `on: \{ schedule: /);
  });

  it('say what a pause and its end have done', () => {
    assert.equal(renderSchedule(schedule({ paused: true }), pipe), 's1 of mail is paused: it starts nothing until `sluice schedules resume s1`.');
    assert.match(renderSchedule(schedule({ problem: 'Its inputs do not fit.' }), pipe), /^s1 of mail is not paused, but starts nothing as things are: Its inputs do not fit\.$/);
    assert.match(renderSchedule(schedule({ paused: true, endedAt: '2026-11-24T09:00:00.000Z' }), pipe), /starts nothing more and is forgotten\.$/);
    assert.match(renderSchedule(schedule(), pipe), /^s1 of mail starts a run next at .*08:00.* \(Wed 09:00 there\)\.$/);
  });
});

describe('sluice schedules', () => {
  let project: TemporaryProject;
  let daemon: ScriptedDaemon;
  beforeEach(async () => {
    project = await TemporaryProject.make();
    daemon = await ScriptedDaemon.start(project.folder, {
      'schedule/list': () => ({ schedules: [schedule()] }),
      'schedule/pause': () => schedule({ paused: true }),
      'schedule/resume': () => schedule(),
    });
  });
  afterEach(async () => {
    await daemon.stop();
    await project.remove();
  });
  const type = (argv: string) => sluice(argv.split(' '), { cwd: project.folder, now });

  it('prints what the protocol says with --json', async () => {
    const expected: Record<string, unknown> = {
      'schedules': [schedule()],
      'schedules list --workflow mail': [schedule()],
      'schedules pause s1': schedule({ paused: true }),
      'schedules resume s1': schedule(),
    };
    for (const [argv, value] of Object.entries(expected)) {
      const { code, stdout, stderr } = await type(`${argv} --json`);
      assert.deepEqual([code, stderr, JSON.parse(stdout)], [0, '', value], argv);
    }
    assert.deepEqual(daemon.paramsOf('schedule/list'), [{}, { workflow: 'mail' }]);
    assert.deepEqual([daemon.paramsOf('schedule/pause'), daemon.paramsOf('schedule/resume')], [[{ id: 's1' }], [{ id: 's1' }]]);
  });

  it('refuses what is no schedule before it asks anybody', async () => {
    const { code, stdout, stderr } = await type('schedules pause r1');
    assert.deepEqual([code, stdout, daemon.paramsOf('schedule/pause')], [2, '', []]);
    assert.match(stderr, /s2/);
  });
});
