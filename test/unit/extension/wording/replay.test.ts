import assert from 'node:assert/strict';
import { emptyTally } from '../../../../extension/selection/replay-watch.ts';
import { newestFailureText, oneOutcomeText, outcomeText } from '../../../../extension/wording/job.ts';
import { formatMoment } from '../../../../extension/wording/language.ts';
import { now } from '../../daemon/cli/protocol-samples.ts';

const error = { kind: 'status', cause: '422', message: 'The server answered 422.' };
const lastDueAt = new Date(now + 360_000).toISOString();

describe('words for what became of a replay', () => {
  it('say what is known and no more: 44 that wait are not replayed yet', () => {
    const tally = { ...emptyTally, succeeded: 14, dead: 2, waiting: 44, lastDueAt, error };
    assert.equal(outcomeText(tally, now), `14 succeeded, 2 dead again, 44 waiting, the last due at ${formatMoment(lastDueAt)}`);
    assert.equal(newestFailureText(tally), 'The newest failure: The server answered 422.');
  });

  it('tell what was taken back from what died', () => {
    assert.equal(outcomeText({ ...emptyTally, succeeded: 14, dead: 46 }, now, 44), '14 succeeded, 2 dead again, 44 taken back unsent');
    assert.equal(outcomeText({ ...emptyTally, dead: 3 }, now, 3), '3 taken back unsent');
  });

  it('say it of a single one in a sentence', () => {
    assert.equal(oneOutcomeText({ ...emptyTally, succeeded: 1 }), 'It succeeded.');
    assert.equal(oneOutcomeText({ ...emptyTally, dead: 1, error }), 'It died again: The server answered 422.');
    assert.equal(oneOutcomeText({ ...emptyTally, waiting: 1 }), 'It waits for its turn.');
    assert.equal(oneOutcomeText({ ...emptyTally, dead: 1 }, 1), 'It was taken back unsent.');
  });
});
