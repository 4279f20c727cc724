import assert from 'node:assert/strict';
import { CalmRefresh } from '../../../../extension/views/calm-refresh.ts';
import { FakeClock } from '../../../support/fake-clock.ts';

describe('the rows of a view', () => {
  const open = (): { readonly clock: FakeClock; readonly calm: CalmRefresh; readonly drawn: string[] } => {
    const clock = new FakeClock();
    const drawn: string[] = [];
    const begin = clock.monotonic();
    const calm = new CalmRefresh({
      draw: (what) => void drawn.push(`${clock.monotonic() - begin} ${what === 'all' ? 'all' : [...what].join(' ')}`),
      now: () => clock.monotonic(),
      later: (callback, ms) => {
        const timer = clock.setTimer(ms, callback);
        return { dispose: () => timer.cancel() };
      },
    });
    return { clock, calm, drawn };
  };

  it('whose figures move each second are drawn every five seconds, together', async () => {
    const { clock, calm, drawn } = open();
    for (let second = 0; second < 12; second++) {
      calm.row('a', false);
      if (second === 3) calm.row('b', false);
      await clock.advance(1000);
    }
    assert.deepEqual(drawn, ['0 a', '5000 a b', '10000 a']);
  });

  it('that change their state are drawn immediately', async () => {
    const { clock, calm, drawn } = open();
    calm.row('a', false);
    await clock.advance(1000);
    calm.row('a', true);
    assert.deepEqual(drawn, ['0 a', '1000 a']);
  });

  it('stay while a tooltip is read, but for changes of state', async () => {
    const { clock, calm, drawn } = open();
    calm.row('a', false);
    await clock.advance(4000);
    calm.row('a', false);
    calm.reading();
    calm.all();
    await clock.advance(9000);
    calm.row('b', true);
    assert.deepEqual(drawn, ['0 a', '13000 b']);
    await clock.advance(1000);
    assert.deepEqual(drawn, ['0 a', '13000 b', '14000 all']);
  });

  it('that are new are drawn within a second', async () => {
    const { clock, calm, drawn } = open();
    calm.row('a', false);
    await clock.advance(10);
    calm.all();
    await clock.advance(1000);
    assert.deepEqual(drawn, ['0 a', '1000 all']);
  });

  it('are never waited for less than no time, although the clock continues while it is asked', () => {
    let now = 0;
    const waits: number[] = [];
    const calm = new CalmRefresh({
      draw: () => undefined,
      now: () => now++,
      later: (_callback, ms) => {
        waits.push(ms);
        return { dispose: () => undefined };
      },
    });
    calm.row('a', false);
    assert.deepEqual(waits, [0]);
  });
});
