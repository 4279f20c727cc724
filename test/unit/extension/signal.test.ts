import assert from 'node:assert/strict';
import { Signal } from '../../../extension/base/signal.ts';

describe('a signal', () => {
  it('reaches each listener until it leaves, also where the same function listens twice', () => {
    const heard: number[] = [];
    const signal = new Signal<number>();
    const listener = (value: number): void => void heard.push(value);
    const first = signal.listen(listener);
    const second = signal.listen(listener);
    signal.fire(1);
    first.dispose();
    signal.fire(2);
    second.dispose();
    signal.fire(3);
    assert.deepEqual(heard, [1, 1, 2]);
  });

  it('reaches the others where one throws, and tells of it', () => {
    const faults: unknown[] = [];
    const heard: number[] = [];
    const signal = new Signal<number>((error) => faults.push(error));
    signal.listen(() => {
      throw new Error('broken');
    });
    signal.listen((value) => heard.push(value));
    signal.fire(1);
    assert.deepEqual([heard, faults.length], [[1], 1]);
  });
});
