import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { recipes } from '../../../../schemas/language/templates/recipes.ts';
import { type CommandResult, sluice } from './command-line.ts';
import { TemporaryProject } from './temporary-project.ts';

describe('sluice recipes', () => {
  let project: TemporaryProject;
  beforeEach(async () => {
    project = await TemporaryProject.make();
  });
  afterEach(() => project.remove());

  const type = (line: string): Promise<CommandResult> => sluice(line.split(' '), { cwd: project.folder });
  const file = (name: string): string => path.join(project.folder, '.sluice', name);

  it('lists them, with what each does', async () => {
    const { code, stdout } = await type('recipes');
    assert.equal(code, 0);
    for (const { id, summary } of recipes) assert.ok(stdout.includes(id) && stdout.includes(summary.slice(0, 20)), id);
    const listed = JSON.parse((await type('recipes --json')).stdout) as readonly { readonly name: string; readonly secrets: readonly string[] }[];
    assert.deepEqual(listed.find(({ name }) => name === 'twilio_sms')?.secrets, ['TWILIO_KEY', 'TWILIO_SECRET']);
  });

  it('adds one, says what is to be done next, and only its secret is missing then', async () => {
    const { code, stdout } = await type('recipes add slack_message');
    assert.equal(code, 0);
    assert.match(stdout, /^made {2}\.sluice\/workflows\/slack_message\.yaml\nmade {2}the connection slack in \.sluice\/connections\.yaml\n\nWhat to do next:\n[^]*sluice secrets set SLACK_TOKEN/);
    const { code: verdict, stdout: found } = await type('validate');
    assert.deepEqual([verdict, found.trim().split('\n').length], [1, 1], found);
    assert.match(found, /There is no secret 'SLACK_TOKEN'/);
  });

  it('adds one twice under other names, with the connection once', async () => {
    await type('recipes add slack_message');
    const second = JSON.parse((await type('recipes add slack_message --as tell_sales --json')).stdout) as Record<string, unknown>;
    assert.deepEqual(second, { workflow: 'tell_sales', file: '.sluice/workflows/tell_sales.yaml', added: [], kept: ['slack'], secrets: ['SLACK_TOKEN'] });
    const text = await readFile(file('workflows/tell_sales.yaml'), 'utf8');
    assert.match(text, /^name: Tell sales\n[^]*\n {4}queue: tell_sales\n/);
    assert.equal((await type('validate')).stdout.trim().split('\n').length, 1, 'nothing but the secret');
  });

  it('writes nothing where it would write over something, or where the name is none', async () => {
    await type('recipes add slack_message');
    const refused = async (line: string, message: RegExp): Promise<void> => {
      const { code, stderr } = await type(line);
      assert.equal(code, 2, line);
      assert.match(stderr, message);
    };
    await refused('recipes add slack_message', /There is \.sluice\/workflows\/slack_message\.yaml already\. --as ID gives/);
    await refused('recipes add slack_mesage', /There is no recipe 'slack_mesage'\. Did you mean 'slack_message'\?/);
    await refused('recipes add slack_message --as tell-sales', /'tell-sales' can't be the id of a workflow here/);
    await refused('recipes ad slack_message', /unknown command 'recipes ad'/);
    await writeFile(file('connections.yaml'), 'connections: [');
    await refused('recipes add notion_page', /connections\.yaml has errors, so no connection can be added to it\. Nothing was written/);
    assert.equal(existsSync(file('workflows/notion_page.yaml')), false);
    assert.equal(await readFile(file('connections.yaml'), 'utf8'), 'connections: [');
  });
});
