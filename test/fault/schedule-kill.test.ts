import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { HttpSink } from '../support/http-sink.ts';
import { assertSound, eventually, FaultProject, runsAtRest } from './fault-project.ts';

const hour = 60 * 60 * 1000;
/** Hours that are missed, and one more that may be on time. */
const due = 6;

/** Each is met by a daemon of its own, which finds what the one before has left. */
const ends = ['decideSchedule-before-commit', 'decideSchedule-after-commit', 'schedule-after-commit', 'schedule-after-commit:2', 'decideSchedule-before-commit:2'];

describe('kill -9 while a schedule starts a run', () => {
  let sink: HttpSink;
  let project: FaultProject;
  beforeEach(async () => {
    sink = new HttpSink();
    const { url } = await sink.start();
    project = await FaultProject.make({
      'workflows/hourly.yaml': `
on: { schedule: [{ cron: "0 * * * *", timezone: UTC, missed: run-all }] }
steps: { tell: { uses: webhook/send, with: { url: "${url}", body: { at: "\${{ trigger.scheduledAt }}" } } } }
`,
    });
  });
  afterEach(async () => {
    await project.dispose();
    await sink.stop();
  });

  it('starts one run for each of its times', async () => {
    assert.deepEqual(await (await project.start()).stop(), { code: 0, signal: null });
    const first = Math.floor(Date.now() / hour) * hour - (due - 1) * hour;
    begunAt(first - hour / 2);

    const startedBy: number[] = [];
    for (const failPoint of ends) {
      const daemon = project.launch({ failPoint });
      assert.deepEqual(await daemon.end(), { code: null, signal: 'SIGKILL' }, `${failPoint} was never come to: ${daemon.words}`);
      startedBy.push(runsInStore());
    }
    assert.deepEqual(startedBy, [0, 1, 2, 4, 5], 'each was killed where it was meant to be');

    const { client } = await project.start();
    await eventually('all runs', async () => ((await client.call('run/list', {})).runs.length >= due ? true : undefined));
    const runs = await runsAtRest(client);
    const times = runs.map(({ trigger }) => (trigger.kind === 'schedule' ? trigger.scheduledAt : trigger.kind)).sort();
    assert.deepEqual(times, Array.from({ length: times.length }, (_, index) => new Date(first + index * hour).toISOString()));
    assert.ok(times.length >= due && times.length <= due + 1, 'one more if an hour began meanwhile');
    assert.deepEqual(runs.filter(({ state }) => state !== 'succeeded'), []);
    const [schedule] = (await client.call('schedule/list', {})).schedules;
    assert.deepEqual([schedule?.last?.scheduledAt, schedule?.missedCount, schedule?.problem], [times.at(-1), 0, undefined]);
    await assertSound(client);
  });

  /** As if the daemon had been away since then. */
  function begunAt(time: number): void {
    const store = new DatabaseSync(project.storeFile);
    const { changes } = store.prepare('UPDATE schedules SET decided_until = ?').run(time);
    store.close();
    assert.equal(changes, 1);
  }

  function runsInStore(): number {
    const store = new DatabaseSync(project.storeFile);
    const row = store.prepare('SELECT count(*) AS count FROM runs').get();
    store.close();
    return Number(row?.['count']);
  }
});
