import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { startPracticeReceiver, type Greeting, type PracticeReceiver } from '../../../../daemon/cli/practice-receiver.ts';
import { CommandLine, sluice } from './command-line.ts';
import { TemporaryProject } from './temporary-project.ts';

describe('the practice receiver', () => {
  let receiver: PracticeReceiver;
  let greetings: Greeting[];

  beforeEach(async () => {
    greetings = [];
    receiver = await startPracticeReceiver(0, (greeting) => greetings.push(greeting));
  });

  afterEach(() => receiver.stop());

  const post = (body: string): Promise<Response> => fetch(`http://127.0.0.1:${receiver.port}/greetings`, { method: 'POST', body });

  it('takes a name with a capital letter, of any alphabet', async () => {
    for (const name of ['Ada', 'Åsa', 'Ирина']) {
      const response = await post(JSON.stringify({ name }));
      assert.deepEqual([response.status, await response.json()], [200, { greeting: `Hello, ${name}!` }]);
    }
    assert.deepEqual(greetings.map(({ status }) => status), [200, 200, 200]);
  });

  for (const body of ['{"name":"ada"}', '{"name":5}', '{}', '[]', 'no json', '']) {
    it(`refuses ${body === '' ? 'nothing' : body}, in a way that isn't retried`, async () => {
      const response = await post(body);
      assert.equal(response.status, 422);
      assert.equal(greetings[0]?.status, 422);
    });
  }

  it('breaks off what is too large, and continues', async () => {
    await assert.rejects(post('x'.repeat(200_000)));
    assert.equal((await post('{"name":"Ada"}')).status, 200);
    assert.equal(greetings.length, 1);
  });
});

describe('sluice practice', () => {
  const options = { cwd: import.meta.dirname, now: Date.parse('2026-11-24T09:30:05Z') };

  it('says where it listens, shows what it gets, and ends at Ctrl-C', async () => {
    const command = new CommandLine(['practice', '--port', '0'], options);
    await command.stderr.contains('Ctrl-C');
    const address = /http:\/\/127\.0\.0\.1:\d+/.exec(command.stderr.text)?.[0] ?? '';
    await fetch(address, { method: 'POST', body: '{"name":"Ada"}' });
    await fetch(address, { method: 'POST', body: JSON.stringify({ name: '\u001b[2Jada' }) });
    command.interrupt();
    const { code, stdout } = await command.result;
    assert.equal(code, 130);
    assert.equal(stdout, '09:30:05  took     "Ada"\n09:30:05  refused  "\\u001b[2Jada"\n');
    await assert.rejects(fetch(address), 'it listens still');
  });

  it('writes JSON Lines with --json', async () => {
    const command = new CommandLine(['practice', '--port', '0', '--json'], options);
    await command.stderr.contains('Ctrl-C');
    await fetch(/http:\/\/127\.0\.0\.1:\d+/.exec(command.stderr.text)?.[0] ?? '', { method: 'POST', body: '{"name":"ada"}' });
    command.interrupt();
    assert.deepEqual(JSON.parse((await command.result).stdout), { at: '2026-11-24T09:30:05.000Z', name: 'ada', status: 422 });
  });

  it('says so where the port is taken', async () => {
    const other = await startPracticeReceiver(0, () => undefined);
    const { code, stderr } = await sluice(['practice', '--port', String(other.port)], options);
    await other.stop();
    assert.equal(code, 2);
    assert.match(stderr, new RegExp(`Port ${other.port} can't be listened on.*EADDRINUSE.*Without --port, a free one is chosen`));
  });

  it("chooses a free port where the workflow's is taken, and makes the workflow call it", async () => {
    const project = await TemporaryProject.make();
    await sluice(['init'], { cwd: project.folder });
    const workflow = path.join(project.folder, '.sluice/workflows/hello.yaml');
    const called = async (): Promise<number> => Number(/http:\/\/127\.0\.0\.1:(\d+)\/greetings/.exec(await readFile(workflow, 'utf8'))?.[1]);
    const other = await startPracticeReceiver(await called(), () => undefined);
    const command = new CommandLine(['practice'], { cwd: project.folder });
    await command.stderr.contains('it now calls');
    assert.notEqual(await called(), other.port);
    const response = await fetch(`http://127.0.0.1:${await called()}`, { method: 'POST', body: '{"name":"Ada"}' });
    assert.equal(response.status, 200);
    command.interrupt();
    const { stderr, stdout } = await command.result;
    assert.match(stdout, /took {5}"Ada"/);
    assert.match(stderr, new RegExp(`called port ${other.port}; it now calls ${await called()}`));
    await other.stop();

    const again = new CommandLine(['practice'], { cwd: project.folder });
    await again.stderr.contains(`:${await called()}. Ctrl-C`);
    again.interrupt();
    assert.doesNotMatch((await again.result).stderr, /now calls/);
    await project.remove();
  });

  it('gives a new project a workflow that calls a port that was free', async () => {
    const taken = createServer();
    // Where something else on this machine has it already, it is taken as well.
    await new Promise<void>((resolve) => taken.once('error', () => resolve()).listen(4680, '127.0.0.1', resolve));
    const project = await TemporaryProject.make();
    await sluice(['init'], { cwd: project.folder });
    const text = await readFile(path.join(project.folder, '.sluice/workflows/hello.yaml'), 'utf8');
    assert.match(text, /http:\/\/127\.0\.0\.1:\d+\/greetings/);
    assert.doesNotMatch(text, /:4680\//);
    taken.close();
    await project.remove();
  });
});
