import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { readRunInputs } from '../../../../daemon/cli/run-inputs.ts';
import { readProjectText } from '../../../../platform/project-reader.ts';
import { UsageError } from '../../../../daemon/cli/exit-code.ts';
import { evaluateExpression, parseExpression } from '../../../../schemas/workflow/expression/expression.ts';
import { sluice } from './command-line.ts';
import { TemporaryProject } from './temporary-project.ts';

const id = '7615917337495251231';

describe('values that would come out as others', () => {
  let project: TemporaryProject;
  const write = async (file: string, content: string | Buffer): Promise<string> => {
    const absolute = path.join(project.folder, file);
    await mkdir(path.dirname(absolute), { recursive: true });
    await writeFile(absolute, content);
    return absolute;
  };
  beforeEach(async () => {
    project = await TemporaryProject.make();
  });
  afterEach(() => project.remove());

  it('are an error at their place in a workflow, whatever they are for', async () => {
    await write('.sluice/workflows/w.yaml', `steps:\n  s: { uses: webhook/send, with: { url: "http://127.0.0.1/", body: { id: ${id}, ok: 9007199254740991, text: "${id}" } } }\n`);
    const { stdout, code } = await sluice(['validate'], { cwd: project.folder });
    assert.equal(code, 1);
    assert.match(stdout, /^\.sluice\/workflows\/w\.yaml:2:\d+: error: The number 7615917337495251231 would become 7615917337495251000, .*write it as text, in quotes\.$/m);
    assert.equal(stdout.match(/error/g)?.length, 1);
  });

  it('are an error in a file of the project that is not UTF-8, and nothing else of it is judged', async () => {
    for (const [name, content, message] of [
      ['latin', Buffer.from('steps:\n  # gr\u{fc}n\n', 'latin1'), /latin\.yaml:1:1: error: .*is not UTF-8: line 2, column 7 has the byte FC.*Save it as UTF-8/],
      ['wide', Buffer.from('\uFEFFsteps: {}\n', 'utf16le'), /wide\.yaml:1:1: error: .*is UTF-16, not UTF-8\. Save it as UTF-8/],
    ] as const) {
      await write(`.sluice/workflows/${name}.yaml`, content);
      const { stdout, code } = await sluice(['validate'], { cwd: project.folder });
      assert.equal(code, 1);
      assert.match(stdout, message);
    }
  });

  it('are not part of a text: its byte order mark', async () => {
    assert.deepEqual(await readProjectText(await write('a.yaml', '\uFEFFsteps: {}')), { ok: true, text: 'steps: {}' });
  });

  it('are refused as inputs', async () => {
    const workflow = { id: 'w', name: 'w', file: 'w.yaml', valid: true, queues: [], steps: [], inputs: { properties: { n: { type: 'integer' }, list: { type: 'array' }, text: { type: 'string' } } } };
    const read = (...given: string[]): ReturnType<typeof readRunInputs> => readRunInputs(given, workflow, project.folder);
    await assert.rejects(read(`n=${id}`), (error) => error instanceof UsageError && /Input n: the number 7615917337495251231 would become/.test(error.message));
    await assert.rejects(read(`list=[1, ${id}]`), /Input list: the number/);
    await assert.rejects(read('list=[{"a": 1, "a": 2}]'), /Input list: the key "a" is in the same object twice, and only the last value would be kept: remove or rename one of them\.$/);
    assert.deepEqual((await read(`text=${id}`)).inputs, { text: id });
  });

  it('are refused in an edited payload, JSON or YAML, of a file or of stdin', async () => {
    await write('.sluice/workflows/w.yaml', 'steps: { s: { uses: webhook/send, with: { url: "http://127.0.0.1/" } } }\n');
    for (const text of [`{"json": {"id": ${id}}}`, `json:\n  id: ${id}\n`]) {
      const { stderr, code } = await sluice(['dead', 'replay', 'j1', '--edit', await write('edit.json', text)], { cwd: project.folder });
      assert.deepEqual([code, /in .*edit\.json, the number 7615917337495251231 would become/.test(stderr)], [2, true], stderr);
    }
    for (const option of ['--edit', '--from']) {
      const { stderr, code } = await sluice(['dead', 'replay', ...(option === '--edit' ? ['j1'] : []), option, await write('edit.json', '{\n"json": 1,\n"json": 2 }')], { cwd: project.folder });
      assert.deepEqual([code, /in .*edit\.json, the key "json" is in the same object twice \(lines 2 and 3\), /.test(stderr)], [2, true], stderr);
    }
    const { stderr } = await sluice(['dead', 'replay', 'j1', '--edit', await write('edit.yaml', Buffer.from('text: gr\u{fc}n', 'latin1'))], { cwd: project.folder });
    assert.match(stderr, /edit\.yaml is not UTF-8: line 1, column 9 has the byte FC/);
  });

  it('are refused by fromJSON()', () => {
    const parsed = parseExpression(`fromJSON('{"id": ${id}}')`);
    assert.ok(parsed.ok);
    const result = evaluateExpression(parsed.expression, {});
    assert.ok(!result.ok);
    assert.match(result.error.message, /fromJSON\(\): the number 7615917337495251231 would become/);
    const twice = parseExpression('fromJSON("{\\"a\\": 1, \\"a\\": 2}")');
    assert.ok(twice.ok);
    const second = evaluateExpression(twice.expression, {});
    assert.ok(!second.ok);
    assert.match(second.error.message, /fromJSON\(\): the key "a" is in the same object twice/);
  });
});
