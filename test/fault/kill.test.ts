import assert from 'node:assert/strict';
import { killTest } from './kill-test.ts';

describe('kill -9, again and again', function () {
  this.timeout(900_000);

  it('loses nothing, and sends twice only what was in flight', async () => {
    const { broken, seed, kills, duplicates, requests, jobs } = await killTest({ jobs: 400, kills: 6 });
    assert.deepEqual(broken, [], `seed ${seed}`);
    const received = kills.reduce((sum, kill) => sum + kill.received, 0);
    assert.ok(duplicates <= received, `${duplicates} duplicates of ${received} in flight (seed ${seed})`);
    assert.ok(requests >= jobs, `seed ${seed}`);
  });
});
