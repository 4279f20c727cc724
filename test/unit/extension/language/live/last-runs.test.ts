import assert from 'node:assert/strict';
import { LastRuns, type RunsOfProject } from '../../../../../extension/language/live/last-runs.ts';
import type { Daemon } from '../../../../../client/daemon-client.ts';
import type { RunDetail, RunSummary } from '../../../../../schemas/protocol/run.ts';
import { run } from '../../../daemon/cli/protocol-samples.ts';

describe('the last runs of workflows', () => {
  let mirrored: readonly RunSummary[];
  let asked: string[];
  let answer: (id: string) => Promise<RunDetail>;
  let faults: unknown[];
  let changes: number;
  let runs: LastRuns;

  beforeEach(() => {
    mirrored = [run({ id: 'r2', workflow: 'other' }), run({ id: 'r1', workflow: 'deal' })];
    asked = [];
    faults = [];
    changes = 0;
    answer = async (id) => run({ id, workflow: 'deal' });
    runs = new LastRuns((error) => faults.push(error));
    runs.onDidChange(() => changes++);
  });

  const call = async (method: string, { id }: { readonly id: string }): Promise<RunDetail> => {
    asked.push(`${method} ${id}`);
    return answer(id);
  };
  const project = (isConnected = true): RunsOfProject => ({ folder: 'file:///p', mirror: { runs: () => mirrored }, daemon: isConnected ? ({ call } as unknown as Pick<Daemon, 'call'>) : undefined });

  it('are asked for once, and again only when the mirror has news of them', async () => {
    await runs.look(project(), 'deal');
    await runs.look(project(), 'deal');
    assert.deepEqual([asked, runs.get(project(), 'deal')?.id, changes], [['run/get r1'], 'r1', 1]);
    mirrored = [run({ id: 'r3', workflow: 'deal' }), ...mirrored];
    await runs.look(project(), 'deal');
    assert.deepEqual([asked.at(-1), runs.get(project(), 'deal')?.id], ['run/get r3', 'r3']);
  });

  it('are asked for one at a time', async () => {
    let release: (detail: RunDetail) => void = () => undefined;
    answer = async () => new Promise((resolve) => (release = resolve));
    const first = runs.look(project(), 'deal');
    await runs.look(project(), 'deal');
    release(run({ id: 'r1' }));
    await first;
    assert.equal(asked.length, 1);
  });

  it('are forgotten with the daemon, and nothing is asked without one', async () => {
    await runs.look(project(), 'deal');
    await runs.look(project(false), 'deal');
    await runs.look(project(false), 'deal');
    assert.deepEqual([runs.get(project(), 'deal'), asked.length, changes], [undefined, 1, 2]);
  });

  it('stay as they were where the daemon refuses', async () => {
    await runs.look(project(), 'deal');
    mirrored = [run({ id: 'r3', workflow: 'deal' })];
    answer = async () => Promise.reject(new Error('gone'));
    await runs.look(project(), 'deal');
    assert.deepEqual([runs.get(project(), 'deal')?.id, faults.length], ['r1', 1]);
  });
});
