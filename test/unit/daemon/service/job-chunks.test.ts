import assert from 'node:assert/strict';
import { endedEarly, moveInChunks } from '../../../../daemon/service/job-chunks.ts';
import { CodedError } from '../../../../schemas/protocol/error.ts';

describe('moving many dead letters', () => {
  const many = Array.from({ length: 1700 }, (_, index) => index + 1);

  /** All or none, as the store does it. */
  const store = (gone: readonly number[] = [], failAt?: number) => {
    const calls: number[] = [];
    const move = async (jobIds: readonly number[]): Promise<readonly number[]> => {
      calls.push(jobIds.length);
      if (failAt !== undefined && jobIds.includes(failAt)) throw new CodedError('store-unavailable', 'The disk is full.');
      const missing = jobIds.find((id) => gone.includes(id));
      if (missing !== undefined) throw new CodedError('wrong-state', `The job j${missing} is not a dead letter.`);
      return jobIds;
    };
    return { calls, move };
  };

  it('takes those that are named in one transaction, however many', async () => {
    const { calls, move } = store();
    assert.equal((await moveInChunks(many.slice(0, 1000), { isWhole: true, ended: endedEarly.replay, move })).length, 1000);
    assert.deepEqual(calls, [1000]);
    await assert.rejects(moveInChunks([1, 2], { isWhole: true, ended: endedEarly.replay, move: store([2]).move }), { message: 'The job j2 is not a dead letter.' });
    assert.deepEqual(await moveInChunks([], { isWhole: true, ended: endedEarly.replay, move }), []);
  });

  it('takes all in small ones, so that others get their turn', async () => {
    const { calls, move } = store();
    assert.deepEqual(await moveInChunks(many, { isWhole: false, ended: endedEarly.replay, move }), many);
    assert.deepEqual(calls, [500, 500, 500, 200]);
  });

  it('leaves out what somebody else has taken meanwhile', async () => {
    const { move } = store([3, 1600]);
    assert.deepEqual(
      await moveInChunks(many, { isWhole: false, ended: endedEarly.replay, move }),
      many.filter((id) => id !== 3 && id !== 1600),
    );
  });

  it('says how far it came when it ends early', async () => {
    await assert.rejects(moveInChunks(many, { isWhole: false, ended: endedEarly.discard, move: store([], 1200).move }), (error) => {
      assert.ok(error instanceof CodedError);
      assert.equal(error.code, 'store-unavailable');
      assert.equal(error.message, '1,000 of 1,700 dead letters were discarded, then it ended: The disk is full. Run it again for the rest.');
      assert.deepEqual(error.data, { done: 1000, selected: 1700 });
      return true;
    });
    await assert.rejects(moveInChunks(many, { isWhole: false, ended: endedEarly.discard, move: store([], 1).move }), { message: 'The disk is full.' });
  });
});
