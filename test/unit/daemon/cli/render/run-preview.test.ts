import assert from 'node:assert/strict';
import { renderRunPreview } from '../../../../../daemon/cli/render/run-preview.ts';
import type { RunPreview, StepPreview } from '../../../../../schemas/protocol/run.ts';
import { ScriptedDaemon } from '../../../../support/scripted-daemon.ts';
import { sluice } from '../command-line.ts';
import { now } from '../protocol-samples.ts';
import { TemporaryProject } from '../temporary-project.ts';

const send: StepPreview = {
  step: 'send', uses: 'email/send', skipped: false, foreach: true, jobs: 3000, duplicates: 2, duplicateKeys: ['a', 'b'], unusable: 1, first: { key: 'ada', payload: { to: 'ada' } },
  queue: 'mail', rate: { limit: 60, perMs: 60_000, burst: 6 }, concurrency: 2, paused: false, ahead: 12, forecast: { state: 'draining', drainMs: 60_000 },
};
const plain: StepPreview = { ...send, duplicates: 0, duplicateKeys: [], unusable: 0, ahead: 0 };

describe('sluice run --dry-run', () => {
  it('says how many jobs, which are left out, the first call and what comes afterwards', () => {
    assert.deepEqual(renderRunPreview({ steps: [send, { ...plain, step: 'b', skipped: true }, { ...plain, step: 'c', problem: 'no such file' }], later: ['report'] }).split('\n'), [
      'send (email/send): 3,000 jobs in the queue mail (60/min, 2 at a time), empty in 1m',
      '  12 jobs wait in the queue before them.',
      '  2 duplicates are left out: a, b',
      '  1 item becomes a dead letter: its key can not be used.',
      '  The first call: {"to":"ada"}',
      'b (email/send) is skipped: its `if` is false.',
      'c (email/send) would fail: no such file',
      'Afterwards: report.',
      'This was a dry run: nothing was started.',
    ]);
  });

  it('says nothing of when a queue is empty that has not run yet', () => {
    assert.equal(renderRunPreview({ steps: [{ ...plain, jobs: 1, forecast: { state: 'unknown' } }], later: [] }).split('\n')[0], 'send (email/send): 1 job in the queue mail (60/min, 2 at a time)');
  });

  const gate = { limit: 1, underWay: 1, waiting: 0, runs: ['r7'] } as const;
  it('begins with what `concurrency` would say', () => {
    const first = (then: 'starts' | 'queued' | 'skipped' | 'cancels'): string | undefined => renderRunPreview({ steps: [], later: [], concurrency: { ...gate, runs: ['r7'], then } }).split('\n')[0];
    assert.match(first('queued') ?? '', /^It would wait: r7 is before it/);
    assert.match(first('skipped') ?? '', /^Nothing would be started: r7 is under way/);
    assert.match(first('cancels') ?? '', /^It would cancel r7: /);
    assert.match(first('starts') ?? '', /^This was a dry run/);
  });

  it('starts nothing, and its exit says whether a run would do what it is for', async () => {
    const project = await TemporaryProject.make();
    let preview: RunPreview = { steps: [plain], later: [] };
    const daemon = await ScriptedDaemon.start(project.folder, { 'workflow/list': () => ({ workflows: [] }), 'run/preview': () => preview });
    try {
      const type = (more = '') => sluice(`run mail -i n=4 --dry-run${more}`.split(' '), { cwd: project.folder, now });
      const { code, stdout } = await type(' --json');
      assert.deepEqual([code, JSON.parse(stdout)], [0, preview]);
      assert.deepEqual(daemon.paramsOf('run/preview'), [{ workflow: 'mail', inputs: { n: '4' }, inputFiles: {} }]);
      preview = { steps: [{ ...plain, problem: 'no such file' }], later: [] };
      assert.equal((await type()).code, 1);
      preview = { steps: [plain], later: [], concurrency: { ...gate, runs: ['r7'], then: 'skipped' } };
      assert.equal((await type()).code, 1);
      preview = { steps: [plain], later: [], concurrency: { ...gate, runs: ['r7'], then: 'queued' } };
      assert.equal((await type()).code, 0);
      assert.equal((await type(' --key a')).code, 2);
      assert.deepEqual(daemon.paramsOf('run/start'), []);
    } finally {
      await daemon.stop();
      await project.remove();
    }
  });
});
