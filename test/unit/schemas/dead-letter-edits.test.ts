import assert from 'node:assert/strict';
import { CodedError } from '../../../schemas/protocol/error.ts';
import { english } from '../../../schemas/wording/language.ts';
import type { JobDetail } from '../../../schemas/protocol/job.ts';
import { type DaemonCalls, type DeadLetterEdit, checkDeadLetterEdits, readLetterEdits } from '../../../client/dead-letter-edits.ts';
import type { MethodName, Params, Result } from '../../../schemas/protocol/method.ts';
import { jobDetail } from '../daemon/cli/protocol-samples.ts';

/** Answers as the daemon does; a payload without `url` can't be sent. */
class Daemon implements DaemonCalls {
  readonly jobs = new Map<string, JobDetail>();
  readonly asked: Params<'dead/replay'>[] = [];

  add(id: string, fields: Partial<JobDetail> = {}): JobDetail {
    const job = jobDetail({ id, idempotencyKey: `${id}-2`, payload: { url: 'http://a', json: { n: 1, list: [1, 2] } }, ...fields });
    const revisions = [{ revision: 1, createdAt: job.createdAt, payload: {}, idempotencyKey: `${id}-1` }, { revision: 2, createdAt: job.createdAt, payload: job.payload, idempotencyKey: job.idempotencyKey }];
    this.jobs.set(id, { ...job, revisions });
    return job;
  }

  async call<M extends MethodName>(method: M, params: Params<M>): Promise<Result<M>> {
    if (method === 'job/get') {
      const job = this.jobs.get((params as Params<'job/get'>).id);
      if (job === undefined) throw new CodedError('not-found', 'There is no such job.');
      return job as Result<M>;
    }
    const replay = params as Params<'dead/replay'>;
    this.asked.push(replay);
    if (!Object.hasOwn(replay.payload as object, 'url')) throw new CodedError('invalid-params', "The edited payload can't be sent by http/request: url is missing.");
    return { replayed: 0, selected: 1, ids: [] } as unknown as Result<M>;
  }
}

describe('a file of edited dead letters', () => {
  it('is what an export writes, of which only ids, payloads and keys count', () => {
    const letter = jobDetail({ id: 'j7' });
    assert.deepEqual(readLetterEdits([letter, { id: 'j8', payload: {} }]), {
      ok: true,
      edits: [{ id: 'j7', payload: letter.payload, idempotencyKey: letter.idempotencyKey }, { id: 'j8', payload: {} }],
    });
    assert.deepEqual(readLetterEdits([]), { ok: true, edits: [] });
  });

  const problemsOf = (value: unknown): readonly string[] => {
    const read = readLetterEdits(value);
    return read.ok ? [] : read.problems.map(english.textOf);
  };

  it('is refused with every place that is wrong', () => {
    assert.deepEqual(problemsOf({ id: 'j1' }), ['It has to be an array of dead letters, as an export writes it.']);
    const problems = problemsOf([{ id: 'j1', payload: {} }, 'j2', { id: '3', payload: {} }, { id: 'j1', payload: {} }, { id: 'j4', payload: [] }, { id: 'j5' }]);
    assert.deepEqual(problems, [
      'Entry 2 has no `id` of a job, such as "j40".',
      'Entry 3 has no `id` of a job, such as "j40".',
      'Entry 4: j1 appears in it twice.',
      'Entry 5: the `payload` of j4 has to be an object.',
      'Entry 6: the `payload` of j5 has to be an object.',
    ]);
  });
});

describe('a plan for edited dead letters', () => {
  const daemon = (): Daemon => new Daemon();
  const edit = (id: string, payload: DeadLetterEdit['payload'], idempotencyKey = `${id}-2`): DeadLetterEdit => ({ id, payload, idempotencyKey });

  it('tells those that were edited, which the daemon has checked, from those that were not, whatever the order of their keys', async () => {
    const calls = daemon();
    for (const id of ['j1', 'j2', 'j3']) calls.add(id);
    const edits = [edit('j1', { json: { list: [1, 2], n: 1 }, url: 'http://a' }), edit('j2', { url: 'http://b' }), edit('j3', { url: 'http://a', json: { n: 1, list: [2, 1] } })];
    const progress: number[] = [];
    assert.deepEqual(await checkDeadLetterEdits(calls, edits, (looked) => progress.push(looked)), { edited: edits.slice(1), unchanged: edits.slice(0, 1), problems: [] });
    assert.deepEqual(calls.asked, edits.slice(1).map(({ id, payload }) => ({ ids: [id], payload, dryRun: true })));
    assert.deepEqual(progress, [3]);
  });

  it('names what is unknown, no longer a dead letter, of another project, edited since, or can not be sent', async () => {
    const calls = daemon();
    calls.add('j2', { state: 'succeeded' });
    for (const id of ['j3', 'j4', 'j5']) calls.add(id);
    const changed = { url: 'http://changed' };
    const { edited, problems } = await checkDeadLetterEdits(calls, [edit('j1', changed), edit('j2', changed), edit('j3', changed, 'other-1'), edit('j4', changed, 'j4-1'), edit('j5', { json: {} })]);
    assert.deepEqual(problems.map(english.textOf), [
      'There is no job j1 in this project.',
      'j2 is no longer a dead letter; it is succeeded.',
      'j3 is another job here: the file is of another project.',
      'j4 was edited after it was exported.',
      "j5: The edited payload can't be sent by http/request: url is missing.",
    ]);
    assert.deepEqual(edited, []);
  });

  it('leaves alone what has been replayed with that very edit, so that a command that ended early can be said again', async () => {
    const calls = daemon();
    calls.add('j1', { state: 'active' });
    const done = edit('j1', { url: 'http://a', json: { n: 1, list: [1, 2] } }, 'j1-1');
    assert.deepEqual(await checkDeadLetterEdits(calls, [done]), { edited: [], unchanged: [done], problems: [] });
  });

  it('is none where the daemon can not be asked', async () => {
    const calls: DaemonCalls = { call: () => Promise.reject(new CodedError('unreachable', 'The daemon went away.')) };
    await assert.rejects(checkDeadLetterEdits(calls, [edit('j1', {})]), { code: 'unreachable' });
  });
});
