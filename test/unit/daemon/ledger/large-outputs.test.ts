import assert from 'node:assert/strict';
import { decideEvaluation } from '../../../../daemon/ledger/evaluating.ts';
import { Snapshot, type Ask, type StoredResults } from '../../../../daemon/ledger/snapshot.ts';
import { aRun, aStep, aWorkflow, decided, type Decided, type Facts } from '../../../support/ledger-facts.ts';

const outputOf = (index: number) => JSON.stringify({ n: index });
/** The results of a step in which each output is large, of so many characters. */
function resultsOf(count: number, characters = 20_000): StoredResults {
  const numbers = Array.from({ length: count }, (_, index) => index);
  return {
    list: numbers.map((index) => ({ key: `k${index}`, item: index, status: 'succeeded', output: null, error: null })),
    large: numbers.map((index) => ({ index, key: `${index}/1`, characters })),
  };
}

/** A run in which step `b` starts, with a payload of that expression over the results of `a`. */
function started(expression: string, results: StoredResults, more: object = {}): Decided {
  const workflow = aWorkflow(`steps:\n  a: { uses: test/scripted, foreach: { items: "\${{ [1] }}", on-item-failure: continue }, with: {} }\n  b: { needs: a, uses: test/scripted, with: { v: ${JSON.stringify(`\${{ ${expression} }}`)} } }\n`);
  const facts: Facts = {
    run: { 1: { run: aRun(), steps: [aStep({ state: 'succeeded', is_foreach: 1 }), aStep({ id: 2, position: 1, name: 'b', state: 'waiting', total: 0, expanded: 0, started_at: null })] } },
    step: { 1: aStep({ state: 'succeeded' }) },
    workflow: { v: workflow },
    results: { 1: results },
    largeOutput: Object.fromEntries(results.large.map(({ index, key }) => [key, outputOf(index)])),
    queue: { 1: { id: 1, name: 'default', definition: { name: 'default' }, pending: 0, delayed: 0 } },
    ...more,
  };
  return decided([{ name: 'advance', params: { steps: new Map([[1, { succeeded: true, dead: false, look: true, runId: 1 }]]), now: 2000 } }], facts);
}

const loadedBy = ({ rounds }: Decided): readonly number[] => rounds.map((asks: readonly Ask[]) => asks.filter(({ kind }) => kind === 'largeOutput').length).filter((count) => count > 0);
const payloadOf = ({ changes }: Decided): unknown => {
  const [payload] = changes.flatMap((change) => (change.kind === 'insert' && change.table === 'payloads' ? change.rows.map(({ payload }) => payload ?? '') : []));
  return (JSON.parse(payload ?? 'null') as { v?: unknown } | null)?.v;
};
const errorOf = ({ changes }: Decided): string | null | undefined => changes.flatMap((change) => (change.kind === 'insert' && change.table === 'jobs' ? change.rows.map(({ error }) => error) : []))[0];

describe('large outputs', () => {
  it('are not loaded before an expression reads one, and then that one alone', () => {
    const size = started('size(steps.a.results) + size(steps.a.results.filter(r, r.status == "succeeded"))', resultsOf(100));
    assert.deepEqual([payloadOf(size), loadedBy(size)], [200, []]);
    const one = started('steps.a.results[70].output.n + steps.a.results[70].output.n', resultsOf(100));
    assert.deepEqual([payloadOf(one), loadedBy(one)], [140, [1]]);
  });

  it('are asked for in growing numbers by what reads many', () => {
    const all = started('steps.a.results.map(r, r.output.n)', resultsOf(1000));
    assert.deepEqual(payloadOf(all), Array.from({ length: 1000 }, (_, index) => index));
    assert.deepEqual(loadedBy(all), [1, 1, 2, 4, 8, 16, 32, 64, 128, 256, 488]);
  });

  it('are asked for once in a round by what takes a missing one for false', () => {
    const any = started('steps.a.results.exists(r, r.output.n == 999)', resultsOf(1000));
    assert.equal(payloadOf(any), true);
    assert.ok(loadedBy(any).length <= 11, `${loadedBy(any).length} rounds`);
  });

  it('are read up to a bound, beyond which the job is a dead letter that says so', () => {
    const megabyte = 1024 * 1024;
    const within = started('steps.a.results.map(r, r.output.n).size()', resultsOf(64, megabyte));
    assert.deepEqual([payloadOf(within), errorOf(within)], [64, undefined]);
    const beyond = started('steps.a.results.map(r, r.output.n).size()', resultsOf(65, megabyte));
    assert.match(errorOf(beyond) ?? '', /More than 64 MB of large outputs/);
    const handedOn = started('steps.a.results', resultsOf(65, megabyte));
    assert.match(errorOf(handedOn) ?? '', /More than 64 MB of large outputs/, 'what an expression only hands on is read for the payload');
    const few = started('steps.a.results.filter(r, r.key in ["k900", "k5", "k500"]).map(r, r.output.n)', resultsOf(1000, 16 * megabyte));
    assert.deepEqual(payloadOf(few), [5, 500, 900], 'what is loaded ahead does not count');
  });

  it('of the others of a batch are not counted, and a batch ends where they would take too much memory together', () => {
    const megabyte = 1024 * 1024;
    const results = resultsOf(100, megabyte);
    const workflow = aWorkflow('steps:\n  a: { uses: test/scripted, foreach: { items: "${{ [1] }}", on-item-failure: continue }, with: {} }\n  b: { needs: a, uses: test/scripted, foreach: { items: "${{ steps.a.results }}", key: "${{ item.output.n }}", on-item-failure: continue }, with: { n: "${{ item.output.n }}" } }\n');
    const b = aStep({ id: 2, position: 1, name: 'b', is_foreach: 1, total: 0, expanded: 0 });
    const decision = decided([{ name: 'fanOut', params: { stepId: 2, now: 2000, limit: 500 } }], {
      run: { 1: { run: aRun(), steps: [aStep({ state: 'succeeded', is_foreach: 1 }), b] } }, step: { 2: b }, workflow: { v: workflow }, results: { 1: results },
      largeOutput: Object.fromEntries(results.large.map(({ index, key }) => [key, outputOf(index)])),
      takenKeys: { [JSON.stringify([2, results.large.slice(0, 17).map(({ index }) => String(index))])]: new Set() },
      fanOut: { 2: { stepId: 2, queue: 'default', cursor: 0 } }, queue: { 1: { id: 1, name: 'default', definition: { name: 'default' }, pending: 0, delayed: 0 } },
    });
    assert.deepEqual(decision.answers, [{ ok: true, value: { kind: 'more', cursor: 17 } }]);
    const jobs = decision.changes.flatMap((change) => (change.kind === 'insert' && change.table === 'jobs' ? change.rows.map(({ state }) => state) : []));
    assert.deepEqual([jobs.length, new Set(jobs)], [17, new Set(['pending'])]);
    assert.deepEqual(loadedBy(decision), [1, 1, 2, 4, 8, 16]);
  });
});

describe('an evaluation', () => {
  it('says what it lacks, and is decided by a snapshot alone', () => {
    const none = { next: 1, end: 1 };
    const snapshot = new Snapshot({ env: {}, ids: { runs: none, steps: none, jobs: none } });
    const params = { runId: 1, expression: 'steps.a.results[1].output.n', env: {} };
    const asked: string[] = [];
    const values: Record<string, unknown> = { 'run 1': { run: aRun(), steps: [aStep()] }, 'results 1': resultsOf(2), 'largeOutput 1/1': outputOf(1) };
    for (;;) {
      const evaluation = decideEvaluation(params, snapshot);
      if (!('missing' in evaluation)) {
        assert.deepEqual(evaluation.result, { ok: true, value: 1 });
        break;
      }
      for (const { kind, key } of evaluation.missing) {
        asked.push(`${kind} ${key}`);
        snapshot.set(kind, key, values[`${kind} ${key}`] as never);
      }
    }
    assert.deepEqual(asked, ['run 1', 'results 1', 'largeOutput 1/1']);
  });
});
