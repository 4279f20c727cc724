import { verbatim } from '../../../schemas/wording/message.ts';
import { storedText } from '../../../daemon/ledger/stored-text.ts';
import assert from 'node:assert/strict';
import type { DecideScheduleParams, DeclareSchedulesParams } from '../../../daemon/ledger/call.ts';
import type { ScheduleRow } from '../../../daemon/ledger/row.ts';
import type { Schedule } from '../../../schemas/workflow/model.ts';
import type { StoreBench } from './store-bench.ts';

const text = 'steps: { only: { uses: test/scripted, with: { at: "${{ trigger.scheduledAt }}" } } }\n';
const hour = 60 * 60 * 1000;

export function describeScheduling(bench: () => StoreBench): void {
  const daily = (values: Partial<Schedule> = {}): Schedule => ({ cron: '0 9 * * *', timeZone: 'UTC', missed: 'skip', withinMs: hour, inputs: {}, ...values });
  const declare = (schedules: readonly Schedule[], rest: Partial<DeclareSchedulesParams> = {}) =>
    bench().store.declareSchedules({ schedules: schedules.map((schedule) => ({ workflow: 'test', schedule })), unreadable: [], now: bench().now, ...rest });
  const all = () => bench().store.listSchedules({});
  const only = async (): Promise<ScheduleRow> => {
    const [row, ...others] = await all();
    assert.ok(row !== undefined && others.length === 0);
    return row;
  };
  const startAt = (row: ScheduleRow, at: number, rest: Partial<DecideScheduleParams> = {}): DecideScheduleParams => ({
    id: row.id, from: row.decided_until, until: at, missed: 0, now: bench().now, start: { at, run: { workflow: 'test', version: 'v', text, inputs: '{}' } }, ...rest,
  });

  it('begins when a schedule is first seen, and goes on over restarts and edits', async () => {
    await declare([daily()]);
    const { id, decided_until: begun } = await only();
    assert.equal(begun, bench().now);
    bench().now += hour;
    await bench().crash();
    await declare([daily({ missed: 'run-all' })]);
    const edited = await only();
    assert.deepEqual([edited.id, edited.decided_until, edited.declared_at], [id, begun, bench().now]);
    assert.equal((JSON.parse(edited.declaration) as Schedule).missed, 'run-all');
    await declare([daily({ cron: '0 10 * * *' })]);
    const other = await only();
    assert.deepEqual([other.cron, other.decided_until], ['0 10 * * *', bench().now], 'another time is another schedule');
  });

  it('decides a time and makes its run together, once', async () => {
    await declare([daily()]);
    const row = await only();
    const at = bench().now + 24 * hour;
    bench().now = at + 100;
    const [first, second] = await Promise.all([bench().store.decideSchedule(startAt(row, at)), bench().store.decideSchedule(startAt(row, at))]);
    assert.equal(first.outcome, 'started');
    assert.deepEqual(second, { outcome: 'stale' });
    await bench().crash();
    const after = await only();
    assert.deepEqual([after.decided_until, after.last_at, `r${after.last_run}`], [at, at, (await bench().store.listRuns({ limit: 1 })).runs[0]?.id]);
    assert.equal((await bench().next()).payload, JSON.stringify({ at: new Date(at).toISOString() }));
    const back = await bench().store.decideSchedule(startAt({ ...after, decided_until: after.decided_until }, at));
    assert.equal(back.outcome, 'existed', 'decided again, after the clock was set back');
    assert.equal((await bench().store.listRuns({ limit: 10 })).runs.length, 1);
  });

  it('decides nothing if the run is refused', async () => {
    await bench().crash([{ name: 'default', maxDepth: 1 }]);
    await bench().one();
    await declare([daily()]);
    const row = await only();
    await assert.rejects(bench().store.decideSchedule(startAt(row, bench().now + hour)), { code: 'queue-full' });
    assert.deepEqual(await only(), row);
  });

  it('counts what is missed until a time starts a run', async () => {
    await declare([daily()]);
    const row = await only();
    const at = bench().now + 48 * hour;
    await bench().store.decideSchedule({ id: row.id, from: row.decided_until, until: at, missed: 2, missedAt: at, problem: verbatim('why'), now: at });
    const missed = await only();
    assert.deepEqual([missed.missed, missed.missed_at, missed.problem, missed.decided_until], [2, at, storedText(verbatim('why')), at]);
    await bench().store.decideSchedule(startAt(missed, at + 24 * hour));
    const started = await only();
    assert.deepEqual([started.missed, started.missed_at, started.problem], [0, null, null]);
  });

  it('starts nothing that came while it was paused, and stays paused over a restart and while no file has it', async () => {
    await declare([daily()]);
    const row = await only();
    await bench().store.setSchedule({ id: row.id, paused: true, now: bench().now });
    bench().now += 24 * hour;
    assert.deepEqual(await bench().store.decideSchedule(startAt(row, bench().now)), { outcome: 'stale' });
    await bench().crash();
    await declare([]);
    assert.deepEqual(await all(), []);
    await assert.rejects(bench().store.setSchedule({ id: row.id, paused: false, now: bench().now }), { code: 'not-found' });
    await declare([daily()]);
    assert.equal((await only()).paused, 1);
    await bench().store.setSchedule({ id: row.id, paused: false, now: bench().now });
    assert.deepEqual([(await only()).paused, (await only()).decided_until], [0, bench().now]);
  });

  it('forgets what is gone, but not what is in a file with errors', async () => {
    await declare([daily()]);
    const row = await only();
    bench().now += hour;
    await declare([], { unreadable: ['test'] });
    assert.deepEqual(await only(), row);
    await declare([]);
    assert.deepEqual(await all(), []);
    await declare([daily()]);
    assert.equal((await only()).decided_until, bench().now, 'it begins again');
  });

  it('keeps what was due when a schedule is edited or removed, by what it said, and then forgets it', async () => {
    await declare([daily({ missed: 'run-all' })]);
    const row = await only();
    const first = Math.ceil((bench().now - 9 * hour) / (24 * hour)) * 24 * hour + 9 * hour;
    bench().now = first + 24 * hour + hour;
    await declare([daily()]);
    await declare([]);
    await bench().crash();
    const [former, ...others] = await all();
    assert.ok(former !== undefined && others.length === 0, 'the newer one had nothing due');
    assert.deepEqual([former.ends_at, former.decided_until, (JSON.parse(former.declaration) as Schedule).missed], [bench().now, row.decided_until, 'run-all']);
    await declare([daily()]);
    assert.deepEqual((await all()).map(({ ends_at: ends, decided_until: until }) => [ends, until]).sort(), [[null, bench().now], [bench().now, row.decided_until]].sort());
    assert.equal((await bench().store.decideSchedule(startAt(former, first))).outcome, 'started');
    assert.equal((await all()).length, 2);
    const [left] = (await all()).filter(({ id }) => id === former.id);
    assert.ok(left !== undefined);
    assert.equal((await bench().store.decideSchedule(startAt(left, first + 24 * hour))).outcome, 'started');
    assert.deepEqual((await all()).map(({ ends_at: ends }) => ends), [null]);
  });
}
