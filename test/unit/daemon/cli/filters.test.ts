import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { FilterConditions } from '../../../../schemas/protocol/saved-filters.ts';
import { sluice, type CommandResult } from './command-line.ts';
import { job, now } from './protocol-samples.ts';
import { useScriptedProject } from './scripted-project.ts';

describe('saved filters', () => {
  const project = useScriptedProject();
  const { start } = project;
  const type = (...argv: string[]): Promise<CommandResult> => sluice(argv, { cwd: project.folder, now });
  const file = (): string => path.join(project.folder, '.sluice', 'filters.json');

  it('are saved, listed by name and deleted, without a daemon', async () => {
    assert.match((await type('filters')).stdout, /^No filter is saved: `sluice filters save NAME`/);
    const saved = await type('filters', 'save', 'refused', '--queue', 'erp', '--where', "error.cause == 'gone'");
    assert.deepEqual(saved, { code: 0, stdout: "Saved: `sluice jobs --filter refused` is `sluice jobs --queue erp --where 'error.cause == '\\''gone'\\'''`.\n", stderr: '' });
    await type('filters', 'save', 'late', '--state', 'delayed');
    assert.deepEqual(JSON.parse((await type('filters', '--json')).stdout), [
      { name: 'late', state: 'delayed' },
      { name: 'refused', queue: 'erp', where: "error.cause == 'gone'" },
    ]);
    assert.match((await type('filters')).stdout, /^NAME +CONDITIONS\nlate +--state delayed\nrefused +--queue erp --where /);
    await type('filters', 'save', 'late', '--state', 'pending');
    assert.equal((await type('filters', 'delete', 'refused')).code, 0);
    assert.deepEqual(JSON.parse(readFileSync(file(), 'utf8')), { version: 1, filters: [{ name: 'late', state: 'pending' }] });
  });

  it('narrow down jobs and dead letters, and what is given beside them wins', async () => {
    const scripted = await start({ 'job/list': () => ({ jobs: [job()] }), 'dead/list': () => ({ jobs: [job()] }), 'dead/discard': () => ({ discarded: 1, selected: 1, ids: ['j1'] }) });
    await type('filters', 'save', 'refused', '--queue', 'erp', '--where', 'error.status == 422');
    await type('filters', 'save', 'dead-crm', '--queue', 'crm', '--state', 'dead');
    await type('jobs', '--filter', 'refused', '--queue', 'crm');
    await type('dead', '--filter', 'refused');
    await type('dead', 'list', '--filter', 'dead-crm');
    await type('dead', 'discard', '--all', '--filter', 'refused', '--yes');
    const conditions = scripted.paramsOf('dead/list').map((params) => ({ ...(params as FilterConditions) })).map(({ queue, where, state }) => [queue, where, state]);
    assert.deepEqual(scripted.paramsOf('job/list').map((params) => ({ ...(params as FilterConditions) })).map(({ queue, where }) => [queue, where]), [['crm', 'error.status == 422']]);
    assert.deepEqual(conditions, [['erp', 'error.status == 422', undefined], ['crm', undefined, undefined]]);
    assert.deepEqual(scripted.paramsOf('dead/discard'), [{ all: true, queue: 'erp', where: 'error.status == 422' }]);
  });

  it('are refused where they can not be what is meant', async () => {
    await start({});
    await type('filters', 'save', 'alike', '--group', 'http/request: 422');
    await type('filters', 'save', 'late', '--state', 'delayed');
    const refusals: [argv: string[], text: RegExp][] = [
      [['jobs', '--filter', 'alik'], /^There is no filter 'alik'\. Did you mean 'alike'\? `sluice filters` lists them\.$/],
      [['jobs', '--filter', 'alike'], /^The filter alike has the condition `group`, by which jobs can't be narrowed down\.$/],
      [['dead', '--filter', 'late'], /^The filter late has the condition `state`, by which dead letters can't/],
      [['dead', 'discard', 'j1', '--filter', 'alike'], /go with --all, not with ids/],
      [['filters', 'save', 'a b', '--queue', 'erp'], /letters, digits, - and _/],
      [['filters', 'save', 'all'], /^Say what it lets through/],
      [['filters', 'save', 'bad', '--where', 'error.'], /^--where is not a valid expression: /],
      [['filters', 'save', 'long', '--queue', 'x'.repeat(201)], /too long: a queue and a step have 200/],
      [['filters', 'delete', 'lat'], /Did you mean 'late'\?/],
    ];
    for (const [argv, text] of refusals) {
      const { code, stdout, stderr } = await type(...argv);
      assert.deepEqual([code, stdout], [2, ''], argv.join(' '));
      assert.match(stderr.trim().replace(/^error: /, ''), text);
    }
  });

  for (const [fault, text] of [
    ['merged badly', '{ "version": 1, "filters": [\n<<<<<<< HEAD\n'],
    ['with a name twice', '{ "version": 1, "filters": [{ "name": "a", "queue": "x" }, { "name": "a", "queue": "y" }] }'],
    ['with an unknown condition', '{ "version": 1, "filters": [{ "name": "a", "queu": "x" }] }'],
    ['of a newer version', '{ "version": 2, "filters": [] }'],
  ] as const) {
    it(`in a file ${fault} are neither used nor overwritten`, async () => {
      writeFileSync(file(), text);
      for (const argv of [['filters'], ['jobs', '--filter', 'a'], ['filters', 'save', 'b', '--queue', 'x']]) {
        const { code, stderr } = await type(...argv);
        assert.equal(code, 2);
        assert.match(stderr, /filters\.json is not a valid list of filters: .*Correct it, or delete it/s);
      }
      assert.equal(readFileSync(file(), 'utf8'), text);
    });
  }

  it('in a file that has a key twice, as a merge can leave it, are refused with the place', async () => {
    const text = '{ "version": 1, "filters": [\n  { "name": "a", "queue": "x",\n    "queue": "y" }] }\n';
    writeFileSync(file(), text);
    const { code, stderr } = await type('dead', 'list', '--filter', 'a');
    assert.equal(code, 2);
    assert.match(stderr, /filters\.json can't be used: the key "queue" is in the same object twice \(lines 2 and 3\).*Correct it, or delete it/s);
    assert.equal(readFileSync(file(), 'utf8'), text);
  });

  it('are not read from a folder of that name', async () => {
    mkdirSync(file());
    assert.match((await type('filters')).stderr, /filters\.json is a folder, not a file\. Correct it, or delete it/);
  });

  it('may begin with a byte order mark', async () => {
    writeFileSync(file(), '\ufeff{ "version": 1, "filters": [{ "name": "a", "queue": "x" }] }');
    assert.match((await type('filters')).stdout, /^a +--queue x$/m);
  });
});
