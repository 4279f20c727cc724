import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { BulkView } from '../../../schemas/protocol/bulk.ts';
import type { JobDetail, JobSummary } from '../../../schemas/protocol/job.ts';
import type { RunDetail } from '../../../schemas/protocol/run.ts';
import { HttpSink } from '../../support/http-sink.ts';
import { RealProject } from './real-project.ts';

describe('sluice dead, against a real daemon', () => {
  const sink = new HttpSink();
  let url: string;
  let project: RealProject;
  let run: string;

  before(async () => {
    ({ url } = await sink.start());
    project = await RealProject.make();
  });
  after(async () => {
    await project.remove();
    await sink.stop();
  });
  beforeEach(async () => {
    sink.respond = () => ({ status: 422, body: 'the customer is unknown' });
    await project.write('list.jsonl', ['a', 'b', 'ü'].map((id) => JSON.stringify({ id })).join('\n'));
    const { code, stdout } = await project.type(['run', 'deals', '-i', `url=${url}`, '-i', 'list=@list.jsonl', '--wait', '--json']);
    assert.equal(code, 1);
    run = (JSON.parse(stdout) as RunDetail).id;
    sink.respond = () => ({});
  });
  // Each test begins with three dead letters of a run of its own.
  afterEach(() => project.type('dead discard --all --yes'));

  const dead = (...args: string[]): Promise<JobSummary[]> => project.json<JobSummary[]>(['dead', ...args]);
  const jobOf = async (key: string): Promise<string> => (await project.json<JobSummary[]>(['jobs', '--run', run, '--where', `key == "${key}"`]))[0]?.id ?? '';
  const settled = (): Promise<void> => project.untilJobs(run, ({ open }) => open === 0);

  it('lists them with what to do, by queue, run and condition', async () => {
    const { stdout } = await project.type('dead');
    assert.match(stdout, /^JOB +QUEUE +RUN +STEP +KEY +TRIES +DIED +ERROR\n[^]*422 Unprocessable Entity\n[^]*Look at one: {2}sluice job j\d+\nTry again: {4}sluice dead replay j\d+/);
    assert.equal((await dead()).length, 3);
    assert.equal((await dead('list', '--queue', 'erp', '--run', run)).length, 3);
    assert.equal((await dead('--queue', 'fast')).length, 0);
    assert.deepEqual((await dead('--where', 'error.status == 422 && key == "ü"')).map(({ key }) => key), ['ü']);
    assert.match((await project.type(['dead', '--where', 'key == "none"'])).stdout, /^No dead letter is like that/);
  });

  it('replays one, and the run continues to succeed when all are', async () => {
    assert.match((await project.type(`dead replay ${await jobOf('a')}`)).stdout, /^1 dead letter went back to its queue/);
    await settled();
    assert.deepEqual(await project.json('dead replay --all'), { selected: 2, replayed: 2, edited: 0, ids: [await jobOf('b'), await jobOf('ü')] });
    await project.until({ topic: 'run', id: run }, (state) => state.run?.state === 'succeeded');
    const job = await project.json<JobDetail>(`job ${await jobOf('a')}`);
    assert.deepEqual(job.attempts.map(({ number, round, state }) => [number, round, state]), [[1, 1, 'failed'], [2, 2, 'succeeded']]);
    assert.deepEqual(await project.json('dead replay --all'), { selected: 0, replayed: 0, edited: 0, ids: [] });
    assert.match((await project.type('dead replay --all')).stdout, /^There was nothing to replay/);
    const again = await project.type(`dead replay ${await jobOf('a')}`);
    assert.equal(again.code, 1);
    assert.match(again.stderr, /is not a dead letter; it is succeeded/);
  });

  it('are dead letters again, once the run is cancelled that was replayed', async () => {
    await project.type('pause erp');
    await project.type('dead replay --all --rate 1/min');
    const sent = sink.requests.length;
    const refused = await project.type(`cancel ${run}`);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, new RegExp(`The run ${run} has ended \\(failed\\) and can't be cancelled\\. 3 of its jobs were replayed and are open\\..*\`sluice cancel ${run} --yes\` does that\\.`));
    assert.equal((await project.type(`cancel ${run} --yes`)).stdout, `3 replayed jobs of ${run} are dead letters again.\n`);
    await project.type('resume erp');
    assert.deepEqual((await dead()).map(({ error }) => error?.status), [422, 422, 422]);
    assert.equal(sink.requests.length, sent);
    assert.match((await project.type(`cancel ${run} --yes`)).stderr, /has ended \(failed\), so there is nothing to cancel/);
  });

  it('replays with another payload, from a file or from stdin, and keeps the old one', async () => {
    const id = await jobOf('a');
    const { payload } = await project.json<JobDetail>(`job ${id}`);
    await project.write('edited.yaml', `url: ${url}\nmethod: POST\njson: { id: a, customer: 17 }\n`);
    assert.equal((await project.type(`dead replay ${id} --edit edited.yaml`)).code, 0);
    await settled();
    assert.deepEqual(JSON.parse(sink.requests.at(-1)?.body ?? ''), { id: 'a', customer: 17 });
    const { revisions, ...job } = await project.json<JobDetail>(`job ${id}`);
    assert.deepEqual(revisions.map((one) => one.payload), [payload, job.payload]);
    assert.notEqual(revisions[0]?.idempotencyKey, job.idempotencyKey);

    const other = await jobOf('b');
    const input = JSON.stringify({ url, method: 'POST', json: { id: 'b2' } });
    assert.equal((await project.type(`dead replay ${other} --edit -`, { input })).code, 0);
    await settled();
    assert.deepEqual(JSON.parse(sink.requests.at(-1)?.body ?? ''), { id: 'b2' });
  });

  it('replays what was edited in an export, each with its own payload', async () => {
    const letters = await project.json<JobDetail[]>('dead export --all');
    assert.deepEqual(letters.map(({ key }) => key), ['a', 'b', 'ü']);
    const edited = letters.map((letter) => (letter.key === 'b' ? letter : { ...letter, payload: { url, method: 'POST', json: { id: letter.key, fixed: true } } }));
    const input = JSON.stringify(edited);
    assert.match((await project.type('dead replay --from - --dry-run', { input })).stdout, /^2 payloads were edited\. 1 other is as its job has it/);
    assert.equal((await dead()).length, 3);
    const broken = JSON.stringify(edited.map((letter) => (letter.key === 'ü' ? { ...letter, payload: { method: 'POST' } } : letter)));
    const refused = await project.type('dead replay --from -', { input: broken });
    assert.deepEqual([refused.code, (await dead()).length], [2, 3]);
    assert.match(refused.stderr, /nothing was replayed[^]*can't be sent by http\/request/);

    assert.match((await project.type('dead replay --from -', { input })).stdout, /^2 of 2 edited dead letters went back/);
    await settled();
    assert.deepEqual(sink.requests.slice(-2).map(({ body = '' }) => (JSON.parse(body) as { id: string }).id).sort(), ['a', 'ü']);
    assert.match((await project.type('dead replay --from -', { input })).stdout, /^Every payload is as its job has it/);
    assert.deepEqual((await dead()).map(({ key }) => key), ['b']);
  });

  const sentBodies = (count: number): unknown[] => sink.requests.slice(-count).map(({ body = '' }) => JSON.parse(body) as unknown);
  const saveEdit = async (key: string, json: object): Promise<string> => {
    const id = await jobOf(key);
    const { code, stdout, stderr } = await project.type(`dead edit ${id} -`, { input: JSON.stringify({ url, method: 'POST', json }) });
    assert.deepEqual([code, stderr], [0, '']);
    assert.match(stdout, /^The edit of j\d+ is saved/);
    return id;
  };

  for (const [how, replayCommand] of [
    ['by its id', (id: string) => `dead replay ${id}`],
    ['with all of them', () => 'dead replay --all'],
    ['first of all', () => 'dead replay --all --canary 1'],
    ['one by one', () => 'dead replay --all --rate 1000/s'],
    ['with its group', () => ['dead', 'replay', '--all', '--group', 'http/request: 422 Unprocessable Entity: the customer is unknown']],
  ] as const) {
    it(`sends a saved edit ${how}, and says so`, async () => {
      const id = await saveEdit('a', { id: 'a', customer: 17 });
      const { stdout } = await project.type(replayCommand(id));
      assert.match(stdout, /went back to (its queue|their queues)(, 1 of them)? with its edited payload\./);
      await settled();
      assert.ok(sink.requests.some(({ body = '' }) => body === '{"id":"a","customer":17}'));
      const { revisions, draft } = await project.json<JobDetail>(`job ${id}`);
      assert.deepEqual([draft, revisions.map((one) => one.revision)], [undefined, [1, 2]]);
    });
  }

  it('shows saved edits, counts them, and drops them', async () => {
    const id = await saveEdit('a', { id: 'a', customer: 17 });
    assert.match((await project.type('dead')).stdout, / EDITED +ERROR\n[^]*^Edited: /m);
    assert.deepEqual((await dead('--where', 'has(draft.revision)')).map((one) => [one.id, one.draft?.revision]), [[id, 2]]);
    assert.deepEqual(await project.json<{ edited?: number; count: number }[]>('dead groups').then((groups) => groups.map(({ count, edited }) => [count, edited])), [[3, 1]]);
    assert.deepEqual((await project.json<{ name: string; drafts?: { count: number } }[]>('queues')).find(({ name }) => name === 'erp')?.drafts?.count, 1);
    assert.match((await project.type('dead replay --all --dry-run')).stdout, /^3 dead letters would be replayed, 1 of them with its edited payload/);
    assert.deepEqual(await project.json(`dead drop-edit ${id}`), { dropped: 1, ids: [id] });
    assert.deepEqual(await project.json(`dead drop-edit ${id}`), { dropped: 0, ids: [] });
    const unedited = await project.json<JobDetail>(`job ${id}`);
    const same = await project.type(`dead edit ${id} -`, { input: JSON.stringify(unedited.payload) });
    assert.match(same.stdout, /as it was sent: no edit is kept/);
    await saveEdit('a', { id: 'a', customer: 17 });
    const second = JSON.stringify({ url, method: 'POST', json: { id: 'a', customer: 18 } });
    const other = await project.type(`dead edit ${id} -`, { input: second });
    assert.equal(other.code, 2);
    assert.match(other.stderr, /j\d+ has an edit already, saved .*: --yes takes its place/);
    assert.equal((await project.type(`dead edit ${id} - --yes`, { input: second })).code, 0);
    assert.deepEqual(((await project.json<JobDetail>(`job ${id}`)).revisions.at(-1)?.payload as { json: unknown }).json, { id: 'a', customer: 18 });
    await project.json(`dead drop-edit ${id}`);
    const refused = await project.type(`dead edit ${id} -`, { input: '{"method":"GET"}' });
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /can't be sent by http\/request/);
  });

  it('sends what was sent before where that is asked for, and keeps the edit', async () => {
    const id = await saveEdit('a', { id: 'a', customer: 17 });
    sink.respond = () => ({ status: 422 });
    await project.json(`dead replay ${id} --original`);
    await settled();
    assert.deepEqual(sentBodies(1), [{ id: 'a' }]);
    assert.equal((await project.json<JobDetail>(`job ${id}`)).draft?.revision, 2);
  });

  it('exports saved edits as what is sent next, and replays them from the file', async () => {
    await saveEdit('a', { id: 'a', customer: 17 });
    const { stdout, stderr } = await project.type('dead export --all');
    assert.equal(stderr, '1 of 3 dead letters has a saved edit, which is its `payload` here.\n');
    const letters = JSON.parse(stdout) as JobDetail[];
    assert.deepEqual((letters[0]?.payload as { json: unknown }).json, { id: 'a', customer: 17 });
    assert.match((await project.type('dead replay --from - --dry-run', { input: stdout })).stdout, /^1 payload was edited\. 2 others/);
    await saveEdit('b', { id: 'b', late: true });
    const edited = JSON.stringify(letters.map((letter) => (letter.key === 'b' ? { ...letter, payload: { url, method: 'POST', json: { mine: 1 } } } : letter)));
    assert.match((await project.type('dead replay --from -', { input: edited })).stderr, /j\d+ has an edit that was saved after the export/);
    assert.match((await project.type('dead replay --from -', { input: stdout })).stdout, /^1 of 1 edited dead letter went back/);
    await settled();
    assert.deepEqual(sentBodies(1), [{ id: 'a', customer: 17 }]);
  });

  it('has the daemon export to a file, which is a new one unless it is told otherwise', async () => {
    await saveEdit('a', { id: 'a', customer: 17 });
    const file = path.join(project.folder, 'letters.json');
    const first = await project.type('dead export --all --output letters.json');
    assert.deepEqual([first.code, first.stdout], [0, `3 dead letters exported to ${file}. 1 has a saved edit, which is its \`payload\` in the file.\n`]);
    assert.match((await project.type('dead replay --from letters.json --dry-run')).stdout, /^1 payload was edited\. 2 others/);
    const again = await project.type('dead export --all -o letters.json');
    assert.deepEqual([again.code, again.stderr], [1, `error: The file ${file} exists already. Nothing was written. --overwrite replaces it.\n`]);
    const lines = await project.json<BulkView>('dead export --all -o letters.json --overwrite --format jsonl');
    assert.deepEqual([lines.state, lines.done, (await readFile(file, 'utf8')).trimEnd().split('\n').length], ['done', 3, 3]);
    const { stdout: id } = await project.type('dead export --all -o detached.json --detach');
    await project.until({ topic: 'bulk', id: id.trim() }, ({ bulk }) => bulk?.state === 'done');
    assert.match((await project.type(`bulk show ${id.trim()}`)).stdout, /3 of 3 jobs exported\.\nThe file is .*detached\.json\./);
    assert.equal((await project.type('dead export --all --detach')).code, 2);
    assert.equal((await project.type('dead export --all --queue fast -o none.json')).stdout, 'There are no dead letters to export. No file was written.\n');
  });

  it('waits for what was replayed, and tells what became of each', async () => {
    sink.respond = ({ body = '' }) => ({ status: body.includes('"b"') ? 422 : 200 });
    const { code, stdout } = await project.type('dead replay --all --wait');
    assert.deepEqual([code, stdout], [1, '3 dead letters replayed: 2 succeeded, 1 dead again (422 Unprocessable Entity).\n']);
    sink.respond = () => ({});
    const { outcome } = await project.json<{ outcome: { succeeded: number; waiting: number } }>('dead replay --all --wait');
    assert.deepEqual([outcome.succeeded, outcome.waiting], [1, 0]);
  });

  it('refuses a payload that cannot be sent, and leaves the dead letter as it is', async () => {
    const id = await jobOf('a');
    const edited = async (input: string, options = ''): Promise<string> => {
      const { code, stdout, stderr } = await project.type(`dead replay ${id} --edit -${options}`, { input });
      assert.deepEqual([code, stdout], [2, '']);
      return stderr;
    };
    assert.match(await edited('[1, 2]'), /must be an object/);
    assert.match(await edited('{"method":"GET"}'), /can't be sent by http\/request: .*url/);
    assert.match(await edited(`{"url":"${url}","methdo":"GET"}`), /must NOT have additional properties|methdo/);
    assert.match(await edited('{"a": [}'), /neither JSON nor YAML/);
    assert.equal((await project.json<JobDetail>(`job ${id}`)).revisions.length, 1);
    const both = await project.type(`dead replay ${id} ${await jobOf('b')} --edit -`, { input: '{}' });
    assert.equal(both.code, 2);
  });

  it('tries the oldest first, and spreads the rest out', async () => {
    assert.deepEqual(await project.json('dead replay --all --canary 1'), { selected: 1, replayed: 1, edited: 0, ids: [await jobOf('a')] });
    await settled();
    await project.json('dead replay --all --rate 1/h');
    const [next, late] = [await project.json<JobDetail>(`job ${await jobOf('b')}`), await project.json<JobDetail>(`job ${await jobOf('ü')}`)];
    assert.equal(late.state, 'delayed');
    assert.ok(Math.abs(Date.parse(late.dueAt) - Date.parse(next.createdAt) - 3_600_000) < 60_000, late.dueAt);
    assert.equal((await project.type('dead replay --all --rate fast')).code, 2);
  });

  it('takes named ones together or not at all', async () => {
    const [a, b] = [await jobOf('a'), await jobOf('b')];
    await project.type(`dead discard ${a}`);
    const { code, stderr } = await project.type(`dead replay ${b} ${a}`);
    assert.equal(code, 1);
    assert.match(stderr, new RegExp(`${a} is not a dead letter; it is discarded`));
    assert.equal((await project.json<JobDetail>(`job ${b}`)).state, 'dead');
  });

  it('discards', async () => {
    assert.equal((await project.type('dead discard --all')).code, 2);
    assert.match((await project.type(`dead discard ${await jobOf('a')}`)).stdout, /^1 dead letter discarded\.$/m);
    assert.deepEqual(await project.json(['dead', 'discard', '--all', '--yes', '--reason', ' made by hand ', '--where', 'key == "b"']), { selected: 1, discarded: 1, ids: [await jobOf('b')] });
    const b = await jobOf('b');
    assert.equal((await project.json<JobDetail>(`job ${b}`)).discardReason, 'made by hand');
    assert.match((await project.type(`job ${b}`)).stdout, /^ +reason +made by hand$/m);
    assert.match((await project.type(['dead', 'discard', '--all', '--yes', '--reason', 'x'.repeat(1001)])).stderr, /reason/);
    assert.equal((await project.json<JobDetail>(`job ${await jobOf('a')}`)).discardReason, undefined);
    assert.match((await project.type('dead discard --all --yes')).stdout, /^1 dead letter discarded\.$/m);
    assert.deepEqual(await dead(), []);
    assert.match((await project.type('dead discard --all --yes')).stdout, /^There was nothing to discard/);
  });
});
