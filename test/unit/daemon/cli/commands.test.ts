import assert from 'node:assert/strict';
import type { ConnectionTest, ConnectionView } from '../../../../schemas/protocol/connection.ts';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { CodedError } from '../../../../schemas/protocol/error.ts';
import { CommandLine, sluice, type CommandLineOptions, type CommandResult } from './command-line.ts';
import { bulk, job, jobDetail, now, queue, run } from './protocol-samples.ts';
import { useScriptedProject } from './scripted-project.ts';

describe('commands that talk to the daemon', () => {
  const project = useScriptedProject();
  const { start } = project;
  const type = (argv: string, options: Partial<CommandLineOptions> = {}): Promise<CommandResult> => sluice(argv.split(' '), { cwd: project.folder, now, ...options });

  it('print what the protocol says with --json, arrays for lists', async () => {
    await start({
      'queue/list': () => ({ queues: [queue()] }),
      'queue/set': () => queue({ concurrency: 5 }),
      'run/list': () => ({ runs: [run()] }),
      'run/get': () => run(),
      'job/list': () => ({ jobs: [job()] }),
      'job/get': () => jobDetail(),
      'dead/list': () => ({ jobs: [job()] }),
      'job/cancel': () => job({ state: 'cancelled' }),
    });
    const expected: Record<string, unknown> = {
      queues: [queue()],
      runs: JSON.parse(JSON.stringify([run()])),
      'run-show r12': run(),
      jobs: [job()],
      'job j40': jobDetail(),
      dead: [job()],
      'dead list --queue erp': [job()],
      'cancel j40': job({ state: 'cancelled' }),
      'set erp --concurrency 5': queue({ concurrency: 5 }),
    };
    for (const [argv, value] of Object.entries(expected)) {
      const { code, stdout, stderr } = await type(`${argv} --json`);
      assert.deepEqual([code, stderr], [0, ''], argv);
      assert.deepEqual(JSON.parse(stdout), value, argv);
    }
  });

  it('evaluate an expression in a run, as a step and an item see it', async () => {
    const scripted = await start({ 'run/evaluate': ({ expression }) => (expression === 'one' ? { error: { kind: 'missing', message: "There is no 'one'.", start: 0, end: 3 } } : { value: { a: [1] } }) });
    const argv = ['eval', 'r12', 'steps.a.output', '--step', 'b', '--item', '0'];
    assert.deepEqual(await sluice(argv, { cwd: project.folder }), { code: 0, stdout: '{\n  "a": [\n    1\n  ]\n}\n', stderr: '' });
    assert.deepEqual(scripted.paramsOf('run/evaluate'), [{ id: 'r12', expression: 'steps.a.output', step: 'b', index: 0 }]);
    assert.deepEqual(JSON.parse((await sluice([...argv, '--json'], { cwd: project.folder })).stdout), { value: { a: [1] } });
    assert.deepEqual(await type('eval r12 one'), { code: 1, stdout: '', stderr: "No value: There is no 'one'.\n" });
    const failed = await type('eval r12 one --json');
    assert.deepEqual([failed.code, failed.stdout, JSON.parse(failed.stderr)], [1, '', { error: { code: 'no-value', kind: 'missing', message: "There is no 'one'.", start: 0, end: 3 } }]);
  });

  it('send a request as it is in a file, or a sample with its headers', async () => {
    const scripted = await start({ 'delivery/send': () => ({ status: 202, answer: '', delivery: 'd1', outcome: 'started', run: 'r1' }) });
    await writeFile(path.join(project.folder, 'body.json'), '{ "headers": {} }\n');
    await writeFile(path.join(project.folder, 'push.sample.json'), JSON.stringify({ headers: { 'X-GitHub-Event': 'push', 'x-kept': '1' }, body: { ref: 'main' } }));
    assert.deepEqual(await type('trigger ci --payload body.json --header a=b'), { code: 0, stdout: 'Answered 202. d1 started r1.\n', stderr: '' });
    assert.equal((await type('trigger ci --sample push.sample.json --sign --header x-github-event=ping')).code, 0);
    assert.deepEqual(scripted.paramsOf('delivery/send'), [
      { workflow: 'ci', payload: '{ "headers": {} }\n', headers: { a: 'b' }, sign: false },
      { workflow: 'ci', payload: '{"ref":"main"}', headers: { 'x-github-event': 'ping', 'x-kept': '1' }, sign: true },
    ]);
    await writeFile(path.join(project.folder, 'bad.json'), '{ "headers": { "a": 1 }, "body": 1 }');
    assert.deepEqual([(await type('trigger ci --sample bad.json')).code, (await type('trigger ci')).code, (await type('trigger ci --sample a --payload b')).code], [2, 2, 2]);
    assert.match((await type('trigger ci --sample bad.json')).stderr, /--sample: bad\.json: the header a is not a text/);
  });

  it('take the replay of a run that has ended back, after a question', async () => {
    const scripted = await start({
      'run/cancel': ({ takeBack }: { readonly takeBack?: boolean }) => {
        if (takeBack !== true) throw new CodedError('wrong-state', 'The run r12 has ended. 3 of its jobs are open.', { open: 3 });
        return { ...run({ state: 'failed' }), jobs: { ...run().jobs, open: 1 }, takenBack: 2 };
      },
    });
    const asked = (): number => scripted.paramsOf('run/cancel').filter((params) => (params as { takeBack?: boolean }).takeBack === true).length;
    for (const argv of ['cancel r12', 'cancel r12 --json']) {
      const refused = await type(argv);
      assert.deepEqual([refused.code, refused.stdout, asked()], [1, '', 0], 'nobody can be asked');
      assert.match(refused.stderr, /3 of its jobs are open\. `sluice cancel r12 --yes` does that\./);
    }
    const declined = await type('cancel r12', { columns: 100, input: 'n\n' });
    assert.deepEqual([declined.code, asked()], [1, 0]);
    assert.match(declined.stderr, /3 of its jobs are open\. Take it back\?.*Nothing was cancelled\./s);
    for (const [argv, options] of [['cancel r12', { columns: 100, input: 'y\n' }], ['cancel r12 --yes', {}]] as const) {
      const taken = await type(argv, options);
      assert.equal(taken.code, 0, taken.stderr);
      assert.match(taken.stdout, /^2 replayed jobs of r12 are dead letters again\. 1 is under way, and will end by itself;/);
    }
    assert.equal(asked(), 2);
    assert.equal((JSON.parse((await type('cancel r12 --yes --json')).stdout) as { takenBack: number }).takenBack, 2);
  });

  it('send the token in the header', async () => {
    const { authorizations } = await start({ 'queue/list': () => ({ queues: [] }) });
    await type('queues');
    assert.deepEqual(authorizations, ['Bearer scripted-daemon-token']);
  });

  it('send what was typed', async () => {
    const scripted = await start({
      'queue/set': () => queue(),
      'dead/replay': () => ({ replayed: 2, selected: 2, edited: 1, ids: ['j1', 'j2'] }),
      'dead/discard': () => ({ discarded: 1, selected: 1, ids: ['j1'] }),
      'run/cancel': () => run({ state: 'cancelled' }),
    });
    await type('set erp --rate file --concurrency file');
    assert.deepEqual(scripted.paramsOf('queue/set'), [{ queue: 'erp', rate: 'file', concurrency: 'file' }]);
    const replayed = await type('dead replay --all --run r12 --rate 10/min --canary 5');
    assert.equal(replayed.stdout, '2 dead letters went back to their queues, 1 of them with its edited payload. `sluice queues` shows the progress.\n');
    assert.deepEqual(scripted.paramsOf('dead/replay'), [{ all: true, run: 'r12', rate: '10/min', canary: 5 }]);
    assert.equal((await type('dead replay --all --dry-run', { columns: 80 })).stdout, '2 dead letters would be replayed, 1 of them with its edited payload.\n');
    assert.deepEqual(scripted.paramsOf('dead/replay').at(-1), { all: true, dryRun: true });
    await type('dead discard --all --queue erp --yes');
    await type('dead discard j1 j1');
    await sluice(['dead', 'discard', 'j1', '--reason', 'made by hand'], { cwd: project.folder });
    assert.deepEqual(scripted.paramsOf('dead/discard'), [{ all: true, queue: 'erp' }, { ids: ['j1'] }, { ids: ['j1'], reason: 'made by hand' }]);
    assert.equal((await type('cancel r12')).stdout, 'r12 is cancelled.\n');
    assert.deepEqual(scripted.paramsOf('run/cancel'), [{ id: 'r12' }]);
  });

  it('begin work on many jobs and leave it to the daemon', async () => {
    const scripted = await start({ 'bulk/start': () => bulk() });
    assert.deepEqual(await type('dead replay --all --queue erp --rate 10/min --canary 5 --detach'), { code: 0, stdout: 'b3\n', stderr: '' });
    assert.deepEqual(await sluice(['dead', 'discard', '--all', '--yes', '--detach', '--reason', 'too old'], { cwd: project.folder }), { code: 0, stdout: 'b3\n', stderr: '' });
    assert.deepEqual(scripted.paramsOf('bulk/start'), [
      { action: 'replay', all: true, queue: 'erp', rate: '10/min', canary: 5 },
      { action: 'discard', all: true, reason: 'too old' },
    ]);
    for (const wrong of ['dead replay j1 --detach', 'dead replay --all --detach --wait', 'dead replay --all --detach --dry-run', 'dead discard j1 --detach']) assert.equal((await type(wrong)).code, 2, wrong);
    assert.equal(scripted.paramsOf('bulk/start').length, 2);
  });

  it('show, continue and cancel work on many jobs', async () => {
    const tally = { succeeded: 4, dead: 1, active: 0, retrying: 0, waiting: 0, cancelled: 0, discarded: 0 };
    const scripted = await start({
      'bulk/list': () => ({ bulks: [bulk(), bulk({ id: 'b2', action: 'discard', state: 'done', done: 3, total: 3 })] }),
      'bulk/get': ({ id }) => (id === 'b4' ? bulk({ id, state: 'failed', problem: 'it broke' }) : bulk({ skipped: 1 })),
      'bulk/tally': () => tally,
      'bulk/continue': () => bulk({ state: 'running' }),
      'bulk/cancel': () => bulk({ state: 'cancelled', takenBack: 2 }),
    });
    assert.match((await type('bulk')).stdout, /^ID +ACTION +STATE +DONE +OF +SKIPPED +STARTED\nb3 +replay +held +5 +1,200 .*\nb2 +discard +done +3 +3 /);
    const shown = (await type('bulk show b3')).stdout;
    assert.match(shown, /^b3 {2}held {2}5 of 1,200 jobs replayed; 1 skipped, because it was in another state by then, or continues with its child run\.\nOf those that were replayed: 4 succeeded, 1 dead again\.\nIt waits: `sluice bulk continue b3`/);
    assert.deepEqual((JSON.parse((await type('bulk show b3 --json')).stdout) as { outcome: unknown }).outcome, tally);
    const failed = await type('bulk show b4');
    assert.deepEqual([failed.code, failed.stdout.includes('It failed: it broke')], [1, true]);
    assert.match((await type('bulk continue b3 --rate 1/s')).stdout, /^b3 {2}running/);
    assert.match((await type('bulk cancel b3 --take-back')).stdout, /2 taken back/);
    assert.deepEqual([scripted.paramsOf('bulk/continue'), scripted.paramsOf('bulk/cancel')], [[{ id: 'b3', rate: '1/s' }], [{ id: 'b3', takeBack: true }]]);
    for (const wrong of ['bulk shwo', 'bulk show 3', 'bulk cancel']) assert.equal((await type(wrong)).code, 2, wrong);
  });

  it('retry what is delayed', async () => {
    const scripted = await start({ 'job/retry': () => ({ retried: 2, selected: 2, ids: ['j1', 'j2'] }) });
    assert.equal((await type('retry j1 j2')).stdout, '2 jobs are due now.\n');
    assert.equal((await type('retry --all --queue erp')).code, 0);
    assert.deepEqual(scripted.paramsOf('job/retry'), [{ ids: ['j1', 'j2'] }, { all: true, queue: 'erp' }]);
    const unsaid = await type('retry');
    assert.equal(unsaid.code, 2);
    assert.match(unsaid.stderr, /delayed jobs by their ids .*`sluice jobs --state delayed` shows them/);
  });

  it('list, set and delete secrets, and never show a value', async () => {
    const scripted = await start({
      'secret/list': () => ({ secrets: [{ name: 'ERP_TOKEN', from: 'file' }, { name: 'HOOK', from: 'environment' }] }),
      'secret/set': ({ name }) => ({ name, from: 'file' }),
      'secret/delete': () => ({}),
    });
    assert.deepEqual(JSON.parse((await type('secrets --json')).stdout), [{ name: 'ERP_TOKEN', from: 'file' }, { name: 'HOOK', from: 'environment' }]);
    assert.match((await type('secrets')).stdout, /^ERP_TOKEN +\.sluice\/state\/secrets\.env$/m);
    const piped = await type('secrets set ERP_TOKEN', { input: 'very secret\nin two lines\n' });
    const typed = await type('secrets set ERP_TOKEN', { columns: 80, input: 'typed secret\n' });
    assert.equal(piped.stdout, 'ERP_TOKEN is kept.\n');
    assert.deepEqual(scripted.paramsOf('secret/set'), ['very secret\nin two lines', 'typed secret'].map((value) => ({ name: 'ERP_TOKEN', value, persist: true })));
    assert.equal(typed.stderr, 'Value of ERP_TOKEN: \n');
    for (const { stdout, stderr } of [piped, typed]) assert.doesNotMatch(stdout + stderr, /secret\b(?!s)/);
    assert.equal((await type('secrets delete ERP_TOKEN')).stdout, 'ERP_TOKEN is deleted.\n');
    for (const input of ['', '\n']) assert.equal((await type('secrets set ERP_TOKEN', { input })).code, 2);
    assert.equal((await type('secrets set 1ST', { input: 'x' })).code, 2);
    assert.match((await type('secrets lits')).stderr, /there are secrets list, secrets set and secrets delete/);
    assert.equal(scripted.paramsOf('secret/set').length, 2);
  });

  it('list connections, and test one', async () => {
    const test: ConnectionTest = { name: 'crm', address: 'https://crm.example/v3/me', verdict: 'works', answered: '200 OK', body: '{"id":5}', durationMs: 120.4 };
    const shown: Pick<ConnectionView, 'limits'>[] = [];
    const scripted = await start({
      'connection/list': () => ({ connections: [{ name: 'crm', type: 'http', address: 'https://crm.example/v3', auth: 'oauth2', lacks: ['CRM'], ...shown[0] }, { name: 'esp', type: 'smtp', address: 'smtp.example.com:587', lacks: [] }] }),
      'connection/test': ({ name, path }) => (path === undefined ? { ...test, name, address: 'smtp.example.com:587', verdict: 'failed', answered: '535 no', problem: 'It did not let us in.' } : test),
    });
    const listed = (await type('connections')).stdout;
    assert.match(listed, /^crm +http +https:\/\/crm\.example\/v3 +oauth2 +CRM$/m);
    assert.match(listed, /^esp +smtp +smtp\.example\.com:587 +none\s*$/m);
    assert.doesNotMatch(listed, /LIMITS/);
    assert.equal((JSON.parse((await type('connections --json')).stdout) as unknown[]).length, 2);
    const limits = { rates: [{ limit: 10, perMs: 1000, burst: 1, used: 4 }], concurrency: 5, active: 3, waiting: ['mail', 'sync'] };
    shown.push({ limits });
    assert.match((await type('connections')).stdout, /^crm +http +https:\/\/crm\.example\/v3 +4 of 10\/s, 3 of 5 at a time +mail, sync +oauth2 +CRM$/m);
    assert.deepEqual((JSON.parse((await type('connections --json')).stdout) as readonly { readonly limits?: unknown }[]).map((one) => one.limits), [limits, undefined]);
    const works = await type('connections test crm --path /me');
    assert.deepEqual([works.code, works.stdout], [0, 'crm works: https://crm.example/v3/me answered 200 OK after 120ms.\n{"id":5}\n']);
    const failed = await type('connections test esp');
    assert.equal(failed.code, 1);
    assert.match(failed.stdout, /^esp doesn't work: smtp\.example\.com:587 answered 535 no after 120ms\. It did not let us in\.$/m);
    assert.deepEqual(scripted.paramsOf('connection/test'), [{ name: 'crm', path: '/me' }, { name: 'esp' }]);
    assert.match((await type('connections tset crm')).stderr, /there are connections list and connections test/);
  });

  it('replay with a payload from a file or stdin, JSON or YAML', async () => {
    const scripted = await start({ 'dead/replay': () => ({ replayed: 1, selected: 1, edited: 1, ids: ['j1'] }) });
    await writeFile(path.join(project.folder, 'p.yaml'), 'url: http://localhost\njson: { id: 8 }\n');
    assert.equal((await type('dead replay j1 --edit p.yaml')).code, 0);
    assert.equal((await type('dead replay j1 --edit -', { input: '{"a":[1]}' })).code, 0);
    assert.deepEqual(scripted.paramsOf('dead/replay'), [
      { ids: ['j1'], payload: { url: 'http://localhost', json: { id: 8 } } },
      { ids: ['j1'], payload: { a: [1] } },
    ]);
    const broken = await type('dead replay j1 --edit -', { input: '{"a":' });
    assert.equal(broken.code, 2);
    assert.match(broken.stderr, /neither JSON nor YAML/);
  });

  it('replay what was edited in an export, when all of it has been checked', async () => {
    const known = new Map(['j1', 'j2', 'j3', 'j4'].map((id) => [id, jobDetail({ id, idempotencyKey: id, revisions: [] })]));
    const gone = new Set<string>();
    const scripted = await start({
      'job/get': ({ id }) => known.get(id) ?? jobDetail(),
      'dead/replay': ({ ids = [], dryRun }) => {
        if (dryRun !== true && gone.has(ids[0] ?? '')) throw new CodedError('wrong-state', 'It is active.');
        return { replayed: dryRun === true ? 0 : 1, selected: 1, edited: 1, ids: [...ids] };
      },
    });
    const edited = (...ids: string[]): Promise<void> => {
      const letters = [...known.values()].map((letter) => (ids.includes(letter.id) ? { ...letter, payload: { url: `http://${letter.id}` } } : letter));
      return writeFile(path.join(project.folder, 'letters.json'), JSON.stringify(letters));
    };
    const replays = (): unknown[] => scripted.paramsOf('dead/replay').filter((params) => (params as { dryRun?: boolean }).dryRun !== true);

    await edited('j2', 'j3');
    assert.equal((await type('dead replay --from letters.json --dry-run')).stdout, '2 payloads were edited. 2 others are as their jobs have them, and are left alone.\n');
    const refused = await type('dead replay --from letters.json', { columns: 80, input: 'n\n' });
    assert.deepEqual([refused.code, replays()], [1, []]);
    assert.match(refused.stderr, /2 payloads were edited\. 2 others .* Replay them\? \[y\/N\] Nothing was replayed\./);
    gone.add('j3');
    const some = await type('dead replay --from letters.json --yes');
    assert.deepEqual([some.code, some.stdout], [1, '1 of 2 edited dead letters went back to their queues.\nSkipped, because they are no longer dead letters: j3.\n']);
    assert.deepEqual(replays(), ['j2', 'j3'].map((id) => ({ ids: [id], payload: { url: `http://${id}` } })));
    assert.deepEqual(JSON.parse((await type('dead replay --from letters.json --json')).stdout), { selected: 2, unchanged: 2, replayed: 1, ids: ['j2'], skipped: ['j3'] });
    await edited();
    assert.equal((await type('dead replay --from letters.json')).stdout, 'Every payload is as its job has it: there is nothing to replay.\n');
  });

  it('replay nothing of an export in which anything is wrong', async () => {
    const scripted = await start({ 'job/get': ({ id }) => jobDetail({ id, state: 'succeeded' }), 'dead/replay': () => ({ replayed: 1, selected: 1, edited: 1, ids: ['j1'] }) });
    const entries = Array.from({ length: 25 }, (_, index) => ({ id: `j${index + 1}`, payload: { edited: true } }));
    const { code, stderr } = await type('dead replay --from - --yes', { input: JSON.stringify(entries) });
    assert.deepEqual([code, scripted.paramsOf('dead/replay')], [2, []]);
    assert.match(stderr, /nothing was replayed\.\nj1 is no longer a dead letter; it is succeeded\.\n[^]*j20 [^\n]*\nAnd 5 more\./);
    assert.match((await type('dead replay --from -', { input: '{"id":"j1"}' })).stderr, /has to be an array/);
    assert.match((await type('dead replay j1 --from -', { input: '[]' })).stderr, /--from names its dead letters itself/);
    assert.match((await type('dead replay --from - --rate 1/h', { input: '[]' })).stderr, /--from names its dead letters itself/);
    assert.match((await type('dead replay --from missing.json')).stderr, /--from: missing\.json doesn't exist/);
  });

  it('export dead letters as one array, oldest first, without those that are gone by then', async () => {
    await start({
      'dead/list': ({ cursor }) => (cursor === undefined ? { jobs: [job({ id: 'j3' }), job({ id: 'j2' })], next: 'more' } : { jobs: [job({ id: 'j1' })] }),
      'job/get': ({ id }) => {
        if (id === 'j2') throw new CodedError('not-found', 'There is no job j2.');
        return jobDetail({ id });
      },
    });
    const all = await type('dead export --all --queue erp');
    assert.deepEqual((JSON.parse(all.stdout) as { id: string; payload: unknown }[]).map(({ id, payload }) => [id, payload]), ['j1', 'j3'].map((id) => [id, jobDetail().payload]));
    assert.deepEqual((JSON.parse((await type('dead export j3 j1 --json')).stdout) as { id: string }[]).map(({ id }) => id), ['j3', 'j1']);
    const missing = await type('dead export j1 j2');
    assert.deepEqual([missing.code, missing.stdout], [2, '']);
    assert.equal((await type('dead export')).code, 2);
  });

  it('export none as an empty array', async () => {
    await start({ 'dead/list': () => ({ jobs: [] }) });
    assert.equal((await type('dead export --all')).stdout, '[]\n');
  });

  it('ask before they discard, and do nothing unless the answer is yes', async () => {
    const scripted = await start({ 'dead/list': () => ({ jobs: [job(), job({ id: 'j41' })] }), 'dead/discard': () => ({ discarded: 2, selected: 2, ids: ['j40', 'j41'] }) });
    const no = await type('dead discard --all', { columns: 80, input: '\n' });
    assert.equal(no.code, 1);
    assert.match(no.stderr, /Discard 2 dead letters\? That can not be undone\. \[y\/N\] Nothing was discarded\./);
    const ended = await type('dead discard --all', { columns: 80, input: '' });
    assert.equal(ended.code, 1);
    assert.deepEqual(scripted.paramsOf('dead/discard'), []);
    const yes = await type('dead discard --all', { columns: 80, input: 'y\n' });
    assert.equal(yes.code, 0);
    assert.deepEqual(scripted.paramsOf('dead/discard'), [{ all: true }]);
  });

  it('follow cursors until the limit is reached', async () => {
    const scripted = await start({
      'job/list': ({ limit = 100, cursor = '0' }) => ({
        jobs: Array.from({ length: limit }, (_, index) => job({ id: `j${Number(cursor) + index + 1}` })),
        next: String(Number(cursor) + limit),
      }),
    });
    const { stdout } = await type('jobs --limit 2500 --json');
    const ids = (JSON.parse(stdout) as { id: string }[]).map(({ id }) => id);
    assert.equal(new Set(ids).size, 2500);
    assert.deepEqual(scripted.paramsOf('job/list'), [{ limit: 1000 }, { limit: 1000, cursor: '1000' }, { limit: 500, cursor: '2000' }]);
  });

  it('end with the exit code that fits the error', async () => {
    const errors: readonly (readonly [ConstructorParameters<typeof CodedError>[0], number])[] = [
      ['not-found', 2],
      ['invalid-params', 2],
      ['wrong-state', 1],
      ['queue-full', 1],
      ['store-unavailable', 1],
      ['internal', 1],
    ];
    let error = new CodedError('internal', '');
    await start({
      'queue/pause': () => {
        throw error;
      },
    });
    for (const [code, exit] of errors) {
      error = new CodedError(code, `It is ${code}.`, { hint: 'x' });
      assert.deepEqual(await type('pause erp'), { code: exit, stdout: '', stderr: `error: It is ${code}.\n` });
      assert.deepEqual(JSON.parse((await type('pause erp --json')).stderr), { error: { code, message: `It is ${code}.`, hint: 'x' } });
    }
  });

  it('say so if the daemon is behind, and what makes them the same; the other way round a restart would bring the older one back', async () => {
    const list = { 'queue/list': () => ({ queues: [] }) };
    const behind = await start(list, { version: '0.0.9' });
    assert.match((await type('queues')).stderr, /The daemon has version 0\.0\.9, and this command .*; `sluice restart` makes them the same/);
    await behind.stop();
    const ahead = await start(list, { version: '0.1.99' });
    assert.deepEqual((await type('queues')).stderr, '', 'it understands this command, and has more');
    await ahead.stop();
    await start(list, { version: '9.9.9' });
    const text = await type('queues');
    assert.equal(text.code, 0);
    assert.match(text.stderr, /The daemon has version 9\.9\.9, which is newer than this command .*: update it/);
    const json = await type('queues --json');
    assert.equal(json.stdout, '[]\n');
    assert.match((JSON.parse(json.stderr) as { notice: string }).notice, /9\.9\.9/);
  });

  it("don't take a copied project's daemon.json for their own", async () => {
    const copied = await start({ 'daemon/status': () => ({ ...copied.status('0.1.0'), project: '/elsewhere' }) });
    const { code, stderr } = await type('status');
    assert.equal(code, 3);
    assert.match(stderr, /is not running/);
  });

  it('reports a daemon that goes away in the middle', async () => {
    const scripted = await start({ 'queue/list': () => scripted.crash().then(() => ({ queues: [] })) });
    const { code, stderr } = await type('queues');
    assert.equal(code, 3);
    assert.match(stderr, /went away before it answered queue\/list|broke during queue\/list/);
  });

  it('colours only where it is wanted', async () => {
    await start({ 'dead/list': () => ({ jobs: [job()] }) });
    const hasColour = async (options: Partial<CommandLineOptions>): Promise<boolean> => (await type('dead', options)).stdout.includes('\u001b[31m');
    assert.equal(await hasColour({ columns: 80, env: { NO_COLOR: '' } }), true);
    assert.equal(await hasColour({ columns: 80 }), false);
    assert.equal(await hasColour({ env: { NO_COLOR: '' } }), false);
    assert.equal(await hasColour({ env: { FORCE_COLOR: '1' } }), true);
    assert.equal(await hasColour({ columns: 80, env: { NO_COLOR: '', TERM: 'dumb' } }), false);
  });

  it('stop listening for Ctrl-C when they are done', async () => {
    await start({ 'queue/list': () => ({ queues: [] }) });
    const line = new CommandLine(['queues'], { cwd: project.folder });
    await line.result;
    assert.equal(line.isListening, false);
  });
});
