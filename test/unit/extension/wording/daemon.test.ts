import assert from 'node:assert/strict';
import { crashText } from '../../../../extension/wording/daemon.ts';
import { formatMoment } from '../../../../extension/wording/language.ts';

const aliveAt = '2026-11-28T08:02:11.000Z';
const jobs = ['j1', 'j2', 'j3', 'j4', 'j5', 'j6', 'j7'];

describe('words for a crash', () => {
  const told = (interrupted: number): string => crashText('shop', { aliveAt, interrupted, jobs: jobs.slice(0, interrupted) });

  it('say when, and that it runs again', () => {
    assert.equal(told(0), `The daemon of shop crashed or was killed (last alive: ${formatMoment(aliveAt)}) and is running again. No call was in progress.`);
  });

  it('say which calls may have their effect twice, by name up to five', () => {
    assert.match(told(1), /One call was in progress\. It is made again, so its effect may happen twice: j1\.$/);
    assert.match(told(5), / 5 calls were in progress\. They are made again, so their effects may happen twice: j1, j2, j3, j4, j5\.$/);
    assert.match(told(6), /twice: j1, j2, j3, j4, j5 and one other\.$/);
    assert.match(crashText('shop', { aliveAt, interrupted: 1200, jobs }), / 1,200 calls were in progress\. .* twice: j1, j2, j3, j4, j5 and 1,195 others\.$/);
  });
});
