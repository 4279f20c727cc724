import assert from 'node:assert/strict';
import { Ticker } from '../../../../../extension/language/live/ticker.ts';

describe('a pulse', () => {
  const timers: { callback: () => void; ms: number }[] = [];
  let isWatched: boolean;
  let beats: number;
  let pulse: Ticker;

  beforeEach(() => {
    timers.length = 0;
    isWatched = true;
    beats = 0;
    pulse = new Ticker({
      everyMs: 1000,
      isWatched: () => isWatched,
      later: (callback, ms) => {
        timers.push({ callback, ms });
        return { dispose: () => undefined };
      },
    });
    pulse.onBeat(() => beats++);
  });

  const pass = (): void => timers.splice(0).forEach(({ callback }) => callback());

  it('beats immediately, then once for all that came in the meantime, and then rests', () => {
    pulse.stir();
    assert.deepEqual([beats, timers.map(({ ms }) => ms)], [1, [1000]]);
    for (let count = 0; count < 100; count++) pulse.stir();
    assert.equal(beats, 1);
    pass();
    assert.equal(beats, 2);
    pass();
    assert.deepEqual([beats, timers.length], [2, 0], 'no timer runs where nothing happens');
    pulse.stir();
    assert.equal(beats, 3);
  });

  it('does nothing while nobody looks, not even wait', () => {
    isWatched = false;
    pulse.stir();
    assert.deepEqual([beats, timers.length], [0, 0]);
    isWatched = true;
    pulse.stir();
    assert.equal(beats, 1);
  });
});
