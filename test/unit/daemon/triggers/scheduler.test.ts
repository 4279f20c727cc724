import assert from 'node:assert/strict';
import { SchedulerBench, shown, steps } from '../../../support/scheduler-bench.ts';

const minute = 60_000;
const hour = 60 * minute;

describe('the scheduler', () => {
  const narrow = 'queues: { narrow: { max-depth: 1 } }\nsteps: { only: { queue: narrow, uses: test/scripted, with: {} } }\n';
  let bench: SchedulerBench;
  beforeEach(() => {
    bench = new SchedulerBench();
  });
  afterEach(() => bench.dispose());

  it('starts one run for each time, with what it is for, and nothing that was due before it was first seen', async () => {
    bench.write('mail', ['{ cron: "*/20 * * * *" }', '{ cron: "0 10 * * *", timezone: Europe/Berlin }']);
    await bench.start();
    assert.deepEqual(await bench.started(), []);
    await bench.until('10:30');
    assert.deepEqual(await bench.started(), ['09:20', '09:40', '10:00', '10:20']);
    const runs = await bench.runs();
    assert.ok(runs.every(({ state }) => state === 'succeeded'));
    assert.deepEqual(bench.engine.action.seen.map(({ input }) => shown(input['at'])), ['09:20', '09:40', '10:00', '10:20']);
    const [twenty, berlin] = await bench.list();
    assert.deepEqual([twenty?.id, twenty?.last, twenty?.missedCount, twenty?.next.map(shown)], ['s1', { scheduledAt: '2026-01-05T10:20:00.000Z', run: 'r4' }, 0, ['10:40', '11:00', '11:20', '11:40', '12:00']]);
    assert.deepEqual([berlin?.last, shown(berlin?.next[0])], [undefined, '06T09:00']);
  });

  it('starts what files of another daemon have declared, and waits with what only they have', async () => {
    bench.write('mail', ['{ cron: "30 * * * *", missed: run-once }']);
    bench.write('late', ['{ cron: "40 * * * *", missed: run-once }']);
    await bench.start();
    bench.declares = false;
    // As they are on this machine.
    bench.write('mail', ['{ cron: "15 * * * *" }']);
    bench.text('late', undefined);
    await bench.save();
    await bench.until('10:50');
    assert.deepEqual([await bench.started(), (await bench.list()).map(({ cron, problem, missedCount }) => [cron, problem, missedCount])], [['09:30', '10:30'], [['40 * * * *', undefined, 0], ['30 * * * *', undefined, 0]]]);
    bench.declares = true;
    bench.write('mail', ['{ cron: "30 * * * *", missed: run-once }']);
    bench.write('late', ['{ cron: "40 * * * *", missed: run-once }']);
    await bench.save();
    await bench.until('11:00');
    assert.deepEqual(await bench.started(), ['09:30', '10:30', '10:40']);
  });

  const policies = {
    skip: { started: ['09:30', '12:30'], missed: 0, afterRestart: 2 },
    'run-once': { started: ['09:30', '11:30', '12:30'], missed: 0, afterRestart: 1 },
    'run-all': { started: ['09:30', '10:30', '11:30', '12:30'], missed: 0, afterRestart: 0 },
  } as const;
  for (const how of ['stop', 'crash'] as const) {
    for (const [policy, expected] of Object.entries(policies)) {
      it(`does what \`missed: ${policy}\` says with times that came while no daemon ran (${how})`, async () => {
        bench.write('mail', [`{ cron: "30 * * * *", missed: ${policy} }`]);
        await bench.start();
        await bench.until('09:45');
        await bench.restart(2 * hour, how);
        await bench.until('12:00');
        const { missedCount, missedAt } = await bench.only();
        assert.equal(missedCount, expected.afterRestart);
        if (expected.afterRestart > 0) assert.equal(shown(missedAt), policy === 'skip' ? '11:30' : '10:30');
        await bench.until('12:45');
        assert.deepEqual(await bench.started(), expected.started);
        assert.equal((await bench.only()).missedCount, expected.missed);
      });
    }
  }

  it('starts no run twice when the clock is set back, and goes on by what it shows', async () => {
    bench.write('mail', ['{ cron: "*/10 * * * *", missed: run-all }']);
    await bench.start();
    await bench.until('09:35');
    bench.engine.clock.jumpWall(-20 * minute);
    await bench.engine.advance(minute);
    await bench.until('09:55');
    assert.deepEqual(await bench.started(), ['09:10', '09:20', '09:30', '09:40', '09:50']);
  });

  it('treats times that a sleeping machine lets pass as missed', async () => {
    bench.write('mail', ['{ cron: "*/10 * * * *", missed: run-once }']);
    await bench.start();
    await bench.until('09:15');
    bench.engine.clock.sleep(40 * minute);
    await bench.engine.advance(2 * minute);
    assert.deepEqual(await bench.started(), ['09:10', '09:50']);
    assert.equal((await bench.only()).missedCount, 3);
    assert.equal(bench.said('warn').length, 1);
  });

  it('keeps a pause over a restart; what came meanwhile starts nothing afterwards', async () => {
    bench.write('mail', ['{ cron: "*/10 * * * *", missed: run-all }']);
    await bench.start();
    await bench.until('09:15');
    await bench.scheduler.pause(1, true);
    await bench.until('09:35');
    await bench.restart(10 * minute);
    assert.equal((await bench.only()).paused, true);
    await bench.until('09:55');
    await bench.scheduler.pause(1, false);
    await bench.until('10:05');
    assert.deepEqual(await bench.started(), ['09:10', '10:00']);
    const { paused, missedCount } = await bench.only();
    assert.deepEqual([paused, missedCount], [false, 0]);
    await assert.rejects(bench.scheduler.pause(2, true), { code: 'not-found' });
  });

  it('decides what was due by what a file said before it is edited or its schedule removed', async () => {
    for (const workflow of ['mail', 'report']) bench.write(workflow, ['{ cron: "30 * * * *", missed: run-once }']);
    await bench.start();
    await bench.until('09:15');
    await bench.stop();
    bench.engine.clock.jumpWall(2 * hour);
    bench.write('mail', ['{ cron: "0 * * * *", missed: run-all }']);
    bench.write('report', [], 'steps: { only: { uses: test/scripted, with: {} } }\n');
    await bench.start();
    await bench.until('12:10');
    assert.deepEqual(await bench.started('mail'), ['10:30', '12:00'], "10:00 and 11:00 were due before they were the file's");
    assert.deepEqual(await bench.started('report'), ['10:30']);
    assert.deepEqual((await bench.list()).map(({ workflow, cron }) => [workflow, cron]), [['mail', '0 * * * *']]);
  });

  it('goes on from where it was when only the policy or the inputs of a schedule change', async () => {
    bench.write('mail', ['{ cron: "30 * * * *", missed: skip }']);
    await bench.start();
    await bench.until('09:15');
    await bench.stop();
    bench.write('mail', ['{ cron: "30 * * * *", missed: run-all }']);
    bench.engine.clock.jumpWall(2 * hour);
    await bench.start();
    await bench.until('11:20');
    assert.deepEqual([await bench.started(), (await bench.only()).missed, (await bench.only()).missedCount], [[], 'run-all', 2], 'what was due before the edit was seen is decided by the former policy');
  });

  it('waits while a file has errors, and says so; then it is decided what becomes of what was missed', async () => {
    bench.write('mail', ['{ cron: "30 * * * *", missed: run-once }']);
    await bench.start();
    await bench.until('09:15');
    bench.text('mail', 'on: { schedule: [{ cron: "30 * * * *" }] }\nsteps: { only: { uses: test/nothing } }\n');
    await bench.save();
    await bench.until('11:45');
    assert.deepEqual(await bench.started(), []);
    assert.match((await bench.only()).problem ?? '', /has errors/);
    await bench.restart(hour);
    bench.write('mail', ['{ cron: "30 * * * *", missed: run-once }']);
    await bench.save();
    await bench.until('12:50');
    assert.deepEqual(await bench.started(), ['12:30']);
    const { problem, missedCount } = await bench.only();
    assert.deepEqual([problem, missedCount], [undefined, 3]);
  });

  it('decides a time whose inputs don\'t fit: it starts nothing, the list says why, and the next time is tried', async () => {
    const taking = `inputs: { at: { type: string, pattern: ":00:00" } }\n${steps}`;
    bench.write('mail', ['{ cron: "*/30 * * * *", inputs: { at: "${{ trigger.scheduledAt }}" } }'], taking);
    await bench.start();
    await bench.until('09:45');
    assert.deepEqual(await bench.started(), []);
    const refused = await bench.only();
    assert.deepEqual([refused.missedCount, shown(refused.missedAt)], [1, '09:30']);
    assert.equal(refused.problem, undefined, 'those of the next time fit');
    assert.match(refused.missedReason ?? '', /inputs don't fit the workflow mail\. 'at' doesn't have the right form: it has to match /);
    assert.equal(bench.said('error').length, 1, 'once, and not again and again');
    await bench.until('10:05');
    assert.deepEqual(await bench.started(), ['10:00']);
    const { missedReason, missedCount } = await bench.only();
    assert.deepEqual([missedReason, missedCount], [undefined, 0]);
  });

  it('says before the next time that its inputs do not fit, until they do; and why the last was missed, not why one before', async () => {
    const taking = `inputs: { at: { type: string, pattern: "^x" } }\n${steps}`;
    bench.write('mail', ['{ cron: "30 * * * *", inputs: { at: "y${{ trigger.kind }}" } }'], taking);
    await bench.start();
    assert.match((await bench.only()).problem ?? '', /'at' doesn't have the right form/);
    await bench.until('09:45');
    bench.write('mail', ['{ cron: "30 * * * *", inputs: { at: "x${{ trigger.kind }}" } }'], taking);
    await bench.save();
    const { problem, missedReason } = await bench.only();
    assert.equal(problem, undefined, 'as soon as the file is right');
    assert.match(missedReason ?? '', /'at' doesn't have the right form/);
    await bench.restart(2 * hour);
    const { missedCount, missedAt, missedReason: since } = await bench.only();
    assert.deepEqual([missedCount, shown(missedAt), since], [3, '11:30', undefined], 'no daemon ran then');
  });

  describe('edited or removed while it catches up', () => {
    const hourly = '{ cron: "30 * * * *", missed: run-all }';
    const plain = 'steps: { only: { uses: test/scripted, with: {} } }\n';
    /** 09:30 to 12:30 were missed; 09:30 has just been started. */
    const catchUp = async (schedules: readonly string[] = [hourly]): Promise<void> => {
      bench.write('mail', schedules);
      await bench.start();
      await bench.until('09:15');
      await bench.restart(3.5 * hour);
      assert.deepEqual(await bench.started(), ['09:30']);
    };
    const all = ['09:30', '10:30', '11:30', '12:30'];

    it('starts what was due by the former expression, and nothing of the new one from before', async () => {
      await catchUp();
      bench.write('mail', ['{ cron: "0 * * * *", missed: run-all }']);
      await bench.save();
      const [former, own] = await bench.list();
      assert.deepEqual([former?.cron, shown(former?.endedAt), former?.next, own?.cron, own?.endedAt], ['30 * * * *', '12:45', [], '0 * * * *', undefined]);
      await bench.until('13:10');
      assert.deepEqual(await bench.started(), [...all, '13:00']);
      assert.deepEqual((await bench.list()).map(({ cron }) => cron), ['0 * * * *'], 'then it is forgotten');
    });

    it('starts what was due before it was removed, over a crash', async () => {
      await catchUp();
      bench.write('mail', [], plain);
      await bench.save();
      await bench.restart(0, 'crash');
      await bench.until('14:00');
      assert.deepEqual(await bench.started(), all);
      assert.deepEqual(await bench.list(), []);
    });

    it('goes on by the former policy and with the former inputs, and by the new ones afterwards', async () => {
      const taking = `inputs: { who: { type: string, default: nobody } }\nsteps: { only: { uses: test/scripted, with: { who: "\${{ inputs.who }}" } } }\n`;
      bench.write('mail', ['{ cron: "30 * * * *", missed: run-all, inputs: { who: ada } }'], taking);
      await bench.start();
      await bench.until('09:15');
      await bench.restart(3.5 * hour);
      bench.write('mail', ['{ cron: "30 * * * *", missed: skip, inputs: { who: bob } }'], taking);
      await bench.save();
      await bench.until('13:45');
      assert.deepEqual(await bench.started(), [...all, '13:30']);
      assert.deepEqual(bench.engine.action.seen.map(({ input }) => input['who']), ['ada', 'ada', 'ada', 'ada', 'bob']);
      assert.deepEqual((await bench.list()).map(({ missed, missedCount }) => [missed, missedCount]), [['skip', 0]]);
    });

    it('starts nothing that came while it was removed, if it comes back meanwhile', async () => {
      await catchUp();
      bench.write('mail', [], plain);
      await bench.save();
      await bench.engine.setQueue('default', { paused: true });
      bench.write('mail', [hourly]);
      await bench.save();
      await bench.until('13:45');
      assert.deepEqual(await bench.started(), [...all, '13:30']);
      assert.equal((await bench.list()).length, 1);
    });

    it('starts a time that waited for room when its schedule was edited', async () => {
      bench.write('mail', ['{ cron: "*/10 * * * *" }'], narrow);
      await bench.start();
      await bench.engine.setQueue('narrow', { paused: true });
      await bench.until('09:20:15');
      bench.write('mail', ['{ cron: "5 * * * *" }'], narrow);
      await bench.save();
      await bench.engine.setQueue('narrow', { paused: false });
      await bench.until('09:20:40');
      assert.deepEqual(await bench.started(), ['09:10', '09:20']);
    });

    it('starts no more if its workflow is gone, or if it is paused, which counts what is left as missed', async () => {
      await catchUp();
      await bench.scheduler.pause(1, true);
      const { missedCount, missedAt, missedReason } = await bench.only();
      assert.deepEqual([missedCount, shown(missedAt), missedReason], [3, '12:30', 'It was paused before it came to them.']);
      bench.text('mail', undefined);
      bench.write('other', [hourly]);
      await bench.save();
      await bench.restart(3 * hour);
      bench.text('other', undefined);
      await bench.save();
      await bench.until('16:20');
      assert.deepEqual([await bench.started('mail'), (await bench.started('other')).length, await bench.list()], [['09:30'], 1, []]);
    });
  });

  it('decides a time whose run the workflow skips: it starts nothing, and the list says why', async () => {
    bench.write('mail', ['{ cron: "*/10 * * * *", missed: run-all }'], 'concurrency: { limit: 1, when-full: skip }\nsteps: { only: { uses: test/scripted, timeout: 1h, with: { do: "slow:1500" } } }\n');
    await bench.start();
    await bench.until('09:31');
    assert.deepEqual(await bench.started(), ['09:10']);
    const skipped = await bench.only();
    assert.deepEqual([skipped.missedCount, shown(skipped.missedAt)], [2, '09:30']);
    assert.match(skipped.missedReason ?? '', /^Nothing was started: r1 is under way/);
    assert.equal(skipped.problem, undefined, 'that was so then');
    assert.equal(bench.said('error').length, 2);
    await bench.until('09:45');
    assert.deepEqual(await bench.started(), ['09:10', '09:40'], 'those that were skipped don\'t come later');
    assert.equal((await bench.only()).missedReason, undefined);
  });

  it('decides a time whose run can\'t begin, as a value of `vars` can\'t be computed', async () => {
    bench.write('mail', ['{ cron: "*/10 * * * *", missed: run-all }'], `vars: { first: "\${{ fromJSON(run.workflow) }}" }\n${steps}`);
    await bench.start();
    await bench.until('09:15');
    const { missedReason, missedCount } = await bench.only();
    assert.match(missedReason ?? '', /The value first of `vars` can't be computed/);
    assert.deepEqual([missedCount, await bench.started(), bench.said('warn')], [1, [], []]);
  });

  it('tries a time again while the queue is full, says so once, and starts it when there is room', async () => {
    bench.write('mail', ['{ cron: "*/10 * * * *" }'], narrow);
    bench.write('other', ['{ cron: "*/10 * * * *" }']);
    await bench.start();
    await bench.engine.setQueue('narrow', { paused: true });
    await bench.until('09:20:35');
    assert.deepEqual([await bench.started('mail'), await bench.started('other')], [['09:10'], ['09:10', '09:20']], 'others start on their times');
    const held = (await bench.list()).find(({ workflow }) => workflow === 'mail');
    assert.deepEqual([held?.missedCount, held?.problem], [0, 'The queue narrow is full: 1 job waits, and its max-depth is 1.']);
    assert.equal(bench.said('warn').length, 1);
    await bench.engine.setQueue('narrow', { paused: false });
    await bench.until('09:20:50');
    assert.deepEqual(await bench.started('mail'), ['09:10', '09:20']);
    assert.equal((await bench.list()).find(({ workflow }) => workflow === 'mail')?.problem, undefined);
  });

  it('counts a time as missed that found no room for a minute, and keeps why over a restart', async () => {
    bench.write('mail', ['{ cron: "*/10 * * * *" }'], narrow);
    await bench.start();
    await bench.engine.setQueue('narrow', { paused: true });
    await bench.until('09:25');
    await bench.restart(0);
    const { missedReason, missedCount, missedAt } = await bench.only();
    assert.deepEqual([missedCount, shown(missedAt), missedReason], [1, '09:20', 'The queue narrow is full: 1 job waits, and its max-depth is 1.']);
  });

  it('starts a time when the store can be written again', async () => {
    bench.write('mail', ['{ cron: "*/10 * * * *" }']);
    await bench.start();
    await bench.until('09:09:55');
    bench.engine.trouble = 'The disk is full.';
    await bench.until('09:10:25');
    assert.equal((await bench.only()).problem, 'The disk is full.');
    bench.engine.trouble = undefined;
    await bench.until('09:10:58');
    assert.deepEqual(await bench.started(), ['09:10']);
    assert.equal((await bench.only()).problem, undefined);
  });

  it('lets the others have their turn when one meets an error that nobody expects', async () => {
    for (const workflow of ['first', 'second']) bench.write(workflow, ['{ cron: "*/10 * * * *" }']);
    await bench.start();
    bench.broken = 1;
    await bench.until('09:10:30');
    assert.deepEqual([await bench.started('first'), await bench.started('second')], [[], ['09:10']]);
    assert.deepEqual([(await bench.list())[0]?.problem, bench.said('error').length], ['out of order', 1]);
    bench.broken = undefined;
    await bench.until('09:10:50');
    assert.deepEqual(await bench.started('first'), ['09:10']);
  });
});
