import assert from 'node:assert/strict';
import { JobService } from '../../../../daemon/service/job-service.ts';
import { WhyService } from '../../../../daemon/service/why-service.ts';
import { formatJobId, formatRunId, parseRunId } from '../../../../schemas/protocol/id.ts';
import type { DeliveryDetail } from '../../../../schemas/protocol/delivery.ts';
import type { ScheduleView } from '../../../../schemas/protocol/trigger.ts';
import type { WaitCause, Why } from '../../../../schemas/protocol/why.ts';
import type { Connection } from '../../../../schemas/workflow/connections/connection.ts';
import { english } from '../../../../schemas/wording/language.ts';
import { causeMessage, changeCommand } from '../../../../schemas/wording/why.ts';
import { EngineBench } from '../../../support/engine-bench.ts';

const second = 1000;
const minute = 60 * second;

interface Staged {
  /** What is asked about. */
  readonly id: string;
  readonly step?: string;
}

interface Situation {
  readonly stage: (bench: EngineBench) => Promise<Staged>;
  /** The kinds of the causes, the true one first. */
  readonly causes: readonly WaitCause['kind'][];
  /** What the first cause says, with times as `TIME`. */
  readonly says: string | RegExp;
  /** What would change it. */
  readonly change?: string;
}

const step = (id: string, body: string): string => `  ${id}: { ${body} }\n`;
const scripted = (script = 'ok', more = ''): string => `queue: api, uses: test/scripted, with: { do: "${script}" }${more}`;
const onlyStep = (bench: EngineBench, script = 'ok', queue = '{}', more = ''): Promise<number> => bench.run(`queues: { api: ${queue} }\nsteps:\n${step('only', scripted(script, more))}`);
/** A run of one job with the connection `crm`, which then has these limits. */
const ofConnection = async (bench: EngineBench, limits?: Pick<Connection, 'rate' | 'concurrency'>, script = 'ok', queue = 'api'): Promise<number> => {
  if (limits !== undefined) bench.connections = new Map([['crm', { name: 'crm', type: 'http', url: 'https://api.crm.example', headers: {}, ...limits }]]);
  return bench.run(`queues: { ${queue}: {} }\nsteps:\n${step('only', `queue: ${queue}, uses: test/scripted, with: { do: "${script}", connection: crm }`)}`);
};
const jobOf = async (bench: EngineBench, run: number, name = 'only'): Promise<string> => formatJobId((await bench.jobOf(run, name)).number);
const last = async (bench: EngineBench, run: number): Promise<string> => (await bench.jobs(run)).at(-1)?.id ?? '';
const scheduleView: ScheduleView = { id: 's3', workflow: 'w', cron: '0 9 * * *', timezone: 'Europe/Berlin', missed: 'skip', withinMs: 0, paused: false, next: ['2026-01-01T08:00:00.000Z'], missedCount: 0 };
const deliveryView = { id: 'd7', workflow: 'w', path: 'w', receivedAt: '2026-01-01T08:00:00.000Z', outcome: 'ignored', scheme: 'github', bytes: 2, headers: {}, query: {}, reason: 'Its `if` was false.' } as const;

const situations: Readonly<Record<string, Situation>> = {
  'a job of a paused queue': {
    stage: async (bench) => {
      await onlyStep(bench);
      await bench.setQueue('api', { paused: true });
      return { id: await jobOf(bench, await onlyStep(bench)) };
    },
    causes: ['paused'],
    says: 'api is paused.',
    change: 'sluice resume api',
  },
  'a job of a queue that a receiver has asked to wait': {
    stage: async (bench) => {
      await onlyStep(bench, '429:60');
      return { id: await jobOf(bench, await onlyStep(bench)) };
    },
    causes: ['held'],
    says: 'api is held back until TIME. j1 was answered 429 and asked to wait 1m.',
    change: 'sluice resume api',
  },
  'the job that was answered so': {
    stage: async (bench) => ({ id: await jobOf(bench, await onlyStep(bench, '429:60')) }),
    causes: ['retry'],
    says: /^It is tried again at TIME, after attempt 1: 429/,
    change: 'sluice retry j1',
  },
  'a job of a queue that is both paused and held': {
    stage: async (bench) => {
      await onlyStep(bench, '429:60');
      await bench.setQueue('api', { paused: true });
      return { id: await jobOf(bench, await onlyStep(bench)) };
    },
    causes: ['paused', 'held'],
    says: 'api is paused.',
    change: 'sluice resume api',
  },
  'a job whose secret is missing': {
    stage: async (bench) => ({ id: await jobOf(bench, await bench.run('queues: { api: {} }\nsteps: { only: { queue: api, uses: test/scripted, with: { do: ok, headers: { a: "${{ secrets.KEY }}" } } } }')) }),
    causes: ['lacking'],
    says: "This daemon can't start it. It has no secret KEY: `sluice secrets set KEY` sets it.",
    change: 'sluice secrets set KEY',
  },
  'a job for which there is no place': {
    stage: async (bench) => {
      await onlyStep(bench, 'hang', '{ concurrency: 1 }');
      return { id: await jobOf(bench, await onlyStep(bench, 'ok', '{ concurrency: 1 }')) };
    },
    causes: ['concurrency'],
    says: 'api makes one attempt at a time, and one is under way.',
    change: 'sluice set api --concurrency 2',
  },
  'a job whose rate is used up': {
    stage: async (bench) => ({ id: await last(bench, await bench.runMany('{ rate: 2/min }', 2)) }),
    causes: ['rate'],
    says: 'The rate of api (2/min) is used up: the next attempt starts at TIME.',
    change: 'sluice set api --rate 4/min',
  },
  'a job whose connection has used up its rate': {
    stage: async (bench) => {
      await ofConnection(bench, { rate: { limit: 1, perMs: minute, burst: 1 } });
      return { id: await jobOf(bench, await ofConnection(bench)) };
    },
    causes: ['connection'],
    says: 'The rate of the connection crm (1/min, over all queues) is used up: the next attempt starts at TIME.',
  },
  'a job whose connection has no place left': {
    stage: async (bench) => {
      await ofConnection(bench, { concurrency: 1 }, 'hang', 'other');
      return { id: await jobOf(bench, await ofConnection(bench)) };
    },
    causes: ['connection'],
    says: 'The connection crm takes one attempt at a time, over all queues, and one is under way.',
  },
  'a queue whose jobs wait for a connection': {
    stage: async (bench) => {
      await ofConnection(bench, { concurrency: 1 }, 'hang', 'other');
      await ofConnection(bench);
      return { id: 'api' };
    },
    causes: ['connection'],
    says: /^The connection crm takes one/,
  },
  'the last of many jobs': {
    stage: async (bench) => ({ id: await last(bench, await bench.runMany('{ rate: 2/min }', 40)) }),
    causes: ['rate', 'ahead'],
    says: /^The rate of api/,
    change: 'sluice set api --rate 4/min',
  },
  'a job behind others of a higher priority': {
    stage: async (bench) => {
      await onlyStep(bench, 'hang', '{ concurrency: 1 }');
      const low = await onlyStep(bench, 'ok', '{ concurrency: 1 }', ', priority: 1');
      await onlyStep(bench, 'ok', '{ concurrency: 1 }', ', priority: 9');
      return { id: await jobOf(bench, low) };
    },
    causes: ['concurrency', 'ahead'],
    says: /one is under way/,
    change: 'sluice set api --concurrency 2',
  },
  'a job that failed': {
    stage: async (bench) => ({ id: await jobOf(bench, await onlyStep(bench, '503')) }),
    causes: ['retry'],
    says: 'It is tried again at TIME, after attempt 1: 503.',
    change: 'sluice retry j1',
  },
  'a job that failed, of a queue that is paused': {
    stage: async (bench) => {
      const run = await onlyStep(bench, '503');
      await bench.setQueue('api', { paused: true });
      return { id: await jobOf(bench, run) };
    },
    causes: ['retry', 'paused'],
    says: /^It is tried again/,
    change: 'sluice retry j1',
  },
  'a job of a queue with several rates, of which one is used up': {
    stage: async (bench) => ({ id: await last(bench, await bench.runMany('{ rate: [20/s, { limit: 2, per: 1h, burst: 2 }] }', 3)) }),
    causes: ['rate'],
    says: 'The rate of api (2/h) is used up: the next attempt starts at TIME.',
    change: 'sluice set api --rate 20/s,4/h',
  },
  'a job that was replayed with a rate': {
    stage: async (bench) => {
      const run = await bench.runMany('{}', 2, '400');
      const now = bench.clock.now();
      await bench.store.replay({ jobIds: await bench.dead(run), now, pace: now, dueAts: [now + minute, now + 2 * minute] });
      await bench.rest();
      return { id: await last(bench, run) };
    },
    causes: ['spread'],
    says: 'It was replayed with a rate, and its turn is at TIME.',
    change: 'sluice retry j2',
  },
  'a dead letter': {
    stage: async (bench) => ({ id: await jobOf(bench, await onlyStep(bench, '400')) }),
    causes: ['dead'],
    says: /^j1 is a dead letter: nothing tries it again until a person replays it\. Its last attempt failed: /,
    change: 'sluice dead replay j1',
  },
  'a job under way': {
    stage: async (bench) => ({ id: await jobOf(bench, await onlyStep(bench, 'hang')) }),
    causes: ['active'],
    says: 'An attempt of j1 is under way since TIME.',
  },
  'a job that has succeeded': {
    stage: async (bench) => ({ id: await jobOf(bench, await onlyStep(bench)) }),
    causes: ['ended'],
    says: 'It has ended: it is succeeded.',
  },
  'a job while the store cannot be written': {
    stage: async (bench) => {
      await bench.setQueue('api', { paused: true });
      const run = await onlyStep(bench);
      bench.trouble = 'The disk is full.';
      await assert.rejects(bench.setQueue('api', { paused: false }));
      bench.engine.health.note(await bench.store.setQueue({ queue: 'api', paused: false }).catch((error: unknown) => error));
      return { id: await jobOf(bench, run) };
    },
    causes: ['store', 'paused'],
    says: "Nothing can be claimed: the store can't be written since TIME. The disk is full.",
  },
  'a step that waits for a time': {
    stage: async (bench) => ({ id: await jobOf(bench, await bench.run('steps: { only: { uses: wait/for, with: { duration: 10m } } }')) }),
    causes: ['time'],
    says: 'It waits until TIME.',
    change: 'sluice retry j1',
  },
  'a step that waits for an answer': {
    stage: async (bench) => ({ id: formatRunId(await bench.run('steps: { ask: { uses: wait/signal, with: { name: approve } } }')) }),
    causes: ['signal'],
    says: "It waits for the answer 'approve' to r1.",
    change: 'sluice signal r1 approve',
  },
  'a step that waits for another run, and what that waits for': {
    stage: async (bench) => {
      bench.workflows.set('child', 'steps: { ask: { uses: wait/signal, with: { name: approve } } }');
      return { id: await jobOf(bench, await bench.run('steps: { only: { uses: workflow/run, with: { workflow: child } } }')) };
    },
    causes: ['child', 'signal'],
    says: 'It waits for the run r2 to end.',
  },
  'a run behind another one with its key': {
    stage: async (bench) => {
      const text = `concurrency: { limit: 1 }\nqueues: { api: {} }\nsteps:\n${step('only', scripted('hang'))}`;
      await bench.run(text);
      return { id: formatRunId(await bench.run(text)) };
    },
    causes: ['gate'],
    says: 'One run of the same workflow with the same `concurrency` key has to end first: r1.',
    change: 'sluice cancel r1',
  },
  'a run of which only the first items were started': {
    stage: async (bench) => ({
      id: formatRunId(await bench.run(`queues: { api: {} }\ninputs: { items: { type: array } }\nsteps:\n  each: { queue: api, uses: test/scripted, foreach: { items: "\${{ inputs.items }}", on-item-failure: fail }, with: { do: ok } }`, { items: [1, 2, 3] }, 2)),
    }),
    causes: ['held-items', 'making'],
    says: 'Only the first 2 items of each `foreach` were started; the others wait for you.',
    change: 'sluice continue r1',
  },
  'a run whose steps are in different places': {
    stage: async (bench) => {
      const text = `queues: { api: {} }\nsteps:\n${step('slow', scripted('hang'))}${step('flaky', scripted('503'))}${step('last', scripted('ok', ', needs: [slow, flaky]'))}`;
      return { id: formatRunId(await bench.run(text)) };
    },
    causes: ['retry', 'active', 'needs'],
    says: /^It is tried again/,
    change: 'sluice retry j2',
  },
  'a step that needs others': {
    stage: async (bench) => {
      const text = `queues: { api: {} }\nsteps:\n${step('slow', scripted('hang'))}${step('last', scripted('ok', ', needs: [slow]'))}`;
      return { id: formatRunId(await bench.run(text)), step: 'last' };
    },
    causes: ['needs'],
    says: 'The step last waits for slow to end.',
  },
  'a run that failed': {
    stage: async (bench) => ({ id: formatRunId(await onlyStep(bench, '400')) }),
    causes: ['dead', 'ended'],
    says: '1 dead letter waits for a person to fix, replay or discard it.',
    change: 'sluice dead replay --all --run r1',
  },
  'a run whose queue is full': {
    stage: async (bench) => {
      await bench.setQueue('api', { paused: true });
      return { id: formatRunId(await bench.runMany('{ max-depth: 5 }', 20)) };
    },
    causes: ['paused', 'ahead', 'full'],
    says: 'api is paused.',
    change: 'sluice resume api',
  },
  'an empty queue': { stage: async (bench) => (await onlyStep(bench), { id: 'api' }), causes: ['empty'], says: 'No job waits in api.' },
  'a queue whose jobs are all due later': {
    stage: async (bench) => (await onlyStep(bench, '503'), { id: 'api' }),
    causes: ['retry'],
    says: /^It is tried again at TIME, after attempt 1: 503/,
    change: 'sluice retry j1',
  },
  'a queue of which every attempt fails': {
    stage: async (bench) => {
      await bench.runMany('{ rate: 20/min, retry: { type: exponential, first: 1s, factor: 1, attempts: 100 } }', 50, '503');
      await bench.advance(minute);
      return { id: 'api' };
    },
    causes: ['failing', 'rate'],
    says: 'All attempts of api are failing.',
    change: 'sluice jobs --queue api',
  },
  'a schedule that is paused': { stage: async () => ({ id: 's3' }), causes: ['schedule-paused', 'missed'], says: 'The schedule s3 is paused.', change: 'sluice schedules resume s3' },
  'a delivery that started nothing': { stage: async () => ({ id: 'd7' }), causes: ['refused'], says: 'It started nothing: Its `if` was false.' },
};

describe('why it waits', () => {
  let bench: EngineBench;
  beforeEach(async () => {
    bench = new EngineBench();
    await bench.start();
  });
  afterEach(() => bench.dispose());

  const ask = ({ id, step: name }: Staged): Promise<Why> => {
    const { engine, store, clock } = bench;
    const service = new WhyService({
      engine,
      store,
      clock,
      jobs: new JobService({ engine, store, clock }),
      runs: { get: (run) => bench.runDetail(parseRunId(run) ?? 0) },
      schedules: { list: async () => [{ ...scheduleView, paused: true, missedCount: 2, missedReason: 'A run was under way.' }] },
      deliveries: { get: async () => deliveryView satisfies DeliveryDetail },
    });
    return Promise.resolve(service.why({ id, ...(name === undefined ? {} : { step: name }) }));
  };
  const said = (cause: WaitCause | undefined): string => (cause === undefined ? '' : english.textOf(causeMessage(cause, { time: () => 'TIME', outside: (text) => text })));

  for (const [title, { stage, causes, says, change }] of Object.entries(situations)) {
    it(`is told of ${title}`, async () => {
      const { causes: found } = await ask(await stage(bench));
      assert.deepEqual(found.map(({ kind }) => kind), causes);
      const [first] = found;
      if (typeof says === 'string') assert.equal(said(first), says);
      else assert.match(said(first), says);
      assert.equal(first && changeCommand(first), change);
    });
  }

  it('says when a job comes, which then comes', async () => {
    const run = await bench.runMany('{ rate: 60/min }', 200);
    await bench.advance(minute);
    const id = await last(bench, run);
    const { causes } = await ask({ id });
    const { count = 0, until = '', estimated } = causes.find(({ kind }) => kind === 'ahead') ?? {};
    assert.ok(count > 100 && estimated === true);
    const inMs = Date.parse(until) - bench.clock.now();
    await bench.advance(inMs * 0.9);
    assert.equal((await bench.job(200)).state, 'pending');
    await bench.advance(inMs * 0.2);
    assert.equal((await bench.job(200)).state, 'succeeded');
  });

  it('says what has become of the time that a job has had', async () => {
    const run = await onlyStep(bench, '503', '{ retry: { delays: [10s] } }');
    await bench.advance(20 * second);
    await bench.advance(minute);
    await bench.replay(await bench.dead(run));
    const { spans = [] } = await ask({ id: await jobOf(bench, run) });
    assert.deepEqual(
      spans.map(({ kind, from, to, cause }) => [kind, Date.parse(to) - Date.parse(from), cause]),
      [['attempt', 0, '503'], ['retry', 10 * second, undefined], ['attempt', 0, '503'], ['dead', 70 * second, undefined], ['attempt', 0, '503']],
    );
  });

  it('refuses what there is not', async () => {
    await assert.rejects(ask({ id: 'j99' }), { code: 'not-found', message: 'There is no job j99.' });
    await assert.rejects(ask({ id: 'apo' }), { code: 'not-found' });
    await assert.rejects(ask({ id: 'default', step: 'x' }), { code: 'invalid-params' });
    const run = formatRunId(await onlyStep(bench));
    await assert.rejects(ask({ id: run, step: 'onyl' }), { code: 'not-found', message: 'r1 has no step onyl. Did you mean only?' });
  });
});
