import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { JobSummary } from '../../../schemas/protocol/job.ts';
import type { RunDetail, RunSummary } from '../../../schemas/protocol/run.ts';
import { HttpSink } from '../../support/http-sink.ts';
import { RealProject } from './real-project.ts';

describe('sluice run and what shows runs, against a real daemon', () => {
  const sink = new HttpSink();
  let url: string;
  let project: RealProject;

  before(async () => {
    ({ url } = await sink.start());
    project = await RealProject.make();
  });
  after(async () => {
    await project.remove();
    await sink.stop();
  });
  beforeEach(() => {
    sink.respond = () => ({});
  });

  const lastBody = (): unknown => JSON.parse(sink.requests.at(-1)?.body ?? 'null');

  it('says what to do while there is nothing', async () => {
    await project.type('up');
    assert.match((await project.type('runs')).stdout, /^Nothing has run yet: `sluice run WORKFLOW`/);
    assert.match((await project.type('jobs')).stdout, /^There are no jobs yet/);
    assert.match((await project.type('dead')).stdout, /^There are no dead letters/);
    for (const list of ['runs', 'jobs', 'dead']) assert.deepEqual(await project.json(list), []);
  });

  it('prints the id, and exits 0 before the run has ended', async () => {
    sink.respond = () => 'hang';
    const { code, stdout, stderr } = await project.type(`run hello -i url=${url}`);
    assert.deepEqual([code, stderr], [0, '']);
    assert.match(stdout, /^r\d+\n$/);
    const id = stdout.trim();
    assert.equal((await project.json<RunDetail>(`run-show ${id}`)).state, 'running');
    assert.deepEqual(await project.type(`cancel ${id}`), { code: 0, stdout: `${id} will be cancelled; it is running still.\n`, stderr: '' });
    await project.until({ topic: 'run', id }, ({ run }) => run?.jobs.open === 0);
    const again = await project.type(`cancel ${id}`);
    assert.equal(again.code, 1);
    assert.match(again.stderr, /^error: .*cancelled/);
  });

  it('waits for success, types inputs by the schema, and takes the path of the file for the workflow', async () => {
    const { code, stdout, stderr } = await project.type(['run', '.sluice/workflows/hello.yaml', '-i', `url=${url}`, '-i', 'count=3', '-i', 'dry=true', '-i', 'ids=["a",1]', '-i', 'note=17', '--wait']);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^r\d+ {2}succeeded\n/);
    assert.match(stderr, /^r\d+ has started\.\n$/);
    assert.deepEqual(lastBody(), { count: 3, dry: true, ids: ['a', 1], note: '17' });
    const json = await project.json<RunDetail>(['run', 'hello', '-i', `url=${url}`, '-i', 'note=@@you', '--wait']);
    assert.equal(json.state, 'succeeded');
    assert.deepEqual(lastBody(), { count: 1, dry: false, ids: [], note: '@you' });
  });

  it('reads inputs from files of each kind, named from the folder that one is in', async () => {
    await mkdir(path.join(project.folder, 'data'), { recursive: true });
    await project.write('data/ids.json', '\uFEFF[1, {"a": "ü"}]');
    await project.write('data/ids.jsonl', '{"n":1}\n\n{"n":2}\n');
    await project.write('data/ids.csv', 'name,city\nÅsa,"Köln, DE"\n');
    await project.write('data/note.txt', 'two\nlines');
    const cwd = path.join(project.folder, 'data');
    const ids = async (file: string): Promise<unknown> => {
      await project.json(['run', 'hello', '-i', `url=${url}`, '-i', `ids=@${file}`, '-i', 'note=@note.txt', '--wait'], { cwd });
      return lastBody();
    };
    assert.deepEqual(await ids('ids.json'), { count: 1, dry: false, ids: [1, { a: 'ü' }], note: 'two\nlines' });
    assert.deepEqual((await ids('ids.jsonl') as { ids: unknown }).ids, [{ n: 1 }, { n: 2 }]);
    assert.deepEqual((await ids('ids.csv') as { ids: unknown }).ids, [{ name: 'Åsa', city: 'Köln, DE' }]);
  });

  const wrong: readonly (readonly [args: readonly string[], message: RegExp])[] = [
    [['helo'], /^error: There is no workflow helo\. Did you mean hello\?\n$/],
    [['hello', '-i', 'cuont=3'], /There is no input cuont; did you mean count\?/],
    [['hello', '-i', 'count=many'], /^error: Input count has to be an integer, and `many` is not/],
    [['hello', '-i', 'count=1.5'], /'count' is a whole number, not a number with a fraction/],
    [['deals', '-i', 'url=x'], /The input list is missing/],
    [['hello', '-i', 'note=@none.txt'], /there is no file .*none\.txt/],
    [['hello', '-i', 'note=@.sluice'], /is a folder, not a file/],
    [['hello', '-i', 'ids=@broken.json'], /broken\.json: .*JSON/],
    [['hello', '-i', 'note=@latin1.txt'], /latin1\.txt is not UTF-8: line 1, column 3 has the byte FC/],
    [['hello', '-i', 'note=@pipe'], /pipe is a named pipe, not a file/],
    [['hello', '-i', 'note=@/dev/zero'], /\/dev\/zero is a device, not a file/],
  ];
  for (const [args, message] of wrong) {
    it(`refuses \`run ${args.join(' ')}\` with 2, and starts nothing`, async function () {
      if (process.platform === 'win32' && /pipe|dev/.test(args.join())) this.skip();
      if (args.join().includes('pipe')) execFileSync('mkfifo', [path.join(project.folder, 'pipe')]);
      await project.write('broken.json', '[1,');
      await project.write('latin1.txt', Buffer.from([0x47, 0x72, 0xfc, 0xdf, 0x65]));
      const before = await project.json<RunSummary[]>('runs --limit 1');
      const { code, stdout, stderr } = await project.type(['run', ...args]);
      assert.deepEqual([code, stdout], [2, ''], stderr);
      assert.match(stderr, message);
      assert.deepEqual(await project.json('runs --limit 1'), before);
    });
  }

  it('exits 1 with a broken workflow, and names the place', async () => {
    await project.write('.sluice/workflows/broken.yaml', 'steps:\n  a:\n    usse: http/request\n');
    const { code, stderr } = await project.type('run broken');
    assert.equal(code, 1);
    assert.match(stderr, /^error: The workflow broken has errors: \.sluice\/workflows\/broken\.yaml:\d+:\d+: /);
    const json = await project.type('run broken --json');
    const { error } = JSON.parse(json.stderr) as { error: { code: string; diagnostics: { file: string }[] } };
    assert.deepEqual([error.code, error.diagnostics[0]?.file, json.stdout], ['invalid-workflow', '.sluice/workflows/broken.yaml', '']);
    await project.write('.sluice/workflows/broken.yaml', 'steps:\n  a: { uses: http/request, with: { url: "http://127.0.0.1:1" } }\n');
  });

  it('exits 2, and starts nothing, for a bad line in the item file of a later step', async () => {
    const before = await project.json('runs --limit 1');
    await project.write('data/late.jsonl', '{"a":1}\n{"a":\n');
    await project.write('.sluice/workflows/late.yaml', `steps:
  a: { uses: http/request, with: { url: "http://127.0.0.1:1" } }
  b: { needs: [a], uses: http/request, foreach: { file: data/late.jsonl, on-item-failure: continue }, with: { url: "http://127.0.0.1:1" } }
`);
    const { code, stderr } = await project.type('run late');
    assert.equal(code, 2);
    assert.match(stderr, /^error: The items of the step b can't be read: "data\/late\.jsonl": line 2 .* Nothing was started\.$/m);
    assert.deepEqual(await project.json('runs --limit 1'), before);
  });

  it('exits 1 when the run fails or is cancelled while waiting', async () => {
    sink.respond = () => ({ status: 422, body: 'no' });
    const failed = await project.type(`run hello -i url=${url} --wait`);
    assert.equal(failed.code, 1);
    assert.match(failed.stdout, /^r\d+ {2}failed\n[^]*Error\n {2}fetch: .*422[^]*What to do next\n {2}sluice dead list --run r\d+/);
    sink.respond = () => 'hang';
    const count = sink.requests.length;
    const waiting = project.start(['run', 'hello', '-i', `url=${url}`, '--wait']);
    await Promise.all([sink.received(count + 1), waiting.stderr.contains('has started')]);
    const id = /^r\d+/.exec(waiting.stderr.text)?.[0] ?? '';
    await project.type(`cancel ${id}`);
    const { code, stdout } = await waiting.result;
    assert.equal(code, 1);
    assert.match(stdout, /^r\d+ {2}cancelled\n/);
  });

  it('leaves the run going at Ctrl-C', async () => {
    sink.respond = () => 'hang';
    const count = sink.requests.length;
    const waiting = project.start(['run', 'hello', '-i', `url=${url}`, '--wait']);
    await Promise.all([sink.received(count + 1), waiting.stderr.contains('has started')]);
    waiting.interrupt();
    const { code, stderr } = await waiting.result;
    assert.equal(code, 130);
    const id = /(r\d+) continues without you/.exec(stderr)?.[1] ?? '';
    assert.equal((await project.json<RunSummary[]>('runs --state running'))[0]?.id, id);
    await project.type(`cancel ${id}`);
  });

  it('cancels a single job that waits', async () => {
    await project.type('pause erp');
    await project.write('three.json', '[{"id":"a"},{"id":"b"},{"id":"c"}]');
    const { id } = await project.json<{ id: string }>(['run', 'deals', '-i', `url=${url}`, '-i', 'list=@three.json']);
    await project.untilJobs(id, ({ total }) => total === 3);
    const jobs = await project.json<JobSummary[]>(['jobs', '--run', id, '--where', 'key == "b"']);
    const job = jobs[0]?.id ?? '';
    assert.deepEqual(await project.type(`cancel ${job}`), { code: 0, stdout: `${job} is cancelled.\n`, stderr: '' });
    assert.equal((await project.type(`cancel ${job}`)).code, 1);
    await project.type('resume erp');
    await project.untilJobs(id, ({ open }) => open === 0);
    assert.deepEqual((await project.json<JobSummary[]>(`jobs --run ${id} --state succeeded`)).map(({ key }) => key), ['c', 'a']);
  });

  it('lists runs by workflow and state, and knows names that there are not', async () => {
    assert.match((await project.type('runs --workflow deals')).stdout, /^RUN +WORKFLOW +STATE[^]*deals/);
    assert.match((await project.type('runs --workflow broken')).stdout, /^No run is like that/);
    const unknown = await project.type('runs --workflow deasl');
    assert.deepEqual([unknown.code, unknown.stderr], [2, 'error: There is no workflow deasl. Did you mean deals?\n']);
    for (const argv of ['run-show r999', 'cancel r999', 'job j999', 'cancel j999', 'jobs --run r999', 'dead --run r999', 'dead replay --all --run r999', 'dead replay j999']) {
      const { code, stdout, stderr } = await project.type(argv);
      assert.deepEqual([code, stdout], [2, ''], argv);
      assert.match(stderr, /^error: There is no (run r999|job j999)\.\n$/);
    }
    const table = await project.type('runs', { columns: 80 });
    for (const line of table.stdout.split('\n')) assert.ok(line.length <= 80, line);
  });
});
