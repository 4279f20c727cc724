import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { commands, contextKeys, dashboardPanel, schemes, settings, viewContainer, views, walkthrough as walkthroughId } from '../../../extension/base/ids.ts';
import { payloadPattern, payloadSchemaUrl } from '../../../extension/documents/payload-schema.ts';
import { actionDefinitions } from '../../../schemas/workflow/actions/action-definitions.ts';
import { isJsonObject, type Json, type JsonObject } from '../../../schemas/workflow/json.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const manifest = readJson('package.json');
const texts = readJson('package.nls.json');
const contributes = objectOf(manifest['contributes']);
const contributedCommands = listOf(contributes['commands']).map((command) => textOf(command['command']));
const manifestText = JSON.stringify(contributes);

describe('package.json and the extension', () => {
  it('have the same commands', () => {
    assert.deepEqual(contributedCommands.toSorted(), Object.values(commands).toSorted());
  });

  // That the record of all commands has each of them, the compiler says.
  it('implement each command once', () => {
    const files = globSync('extension/commands/*.ts', { cwd: root }).map((file) => readFileSync(path.join(root, file), 'utf8'));
    for (const name of Object.keys(commands)) assert.equal(files.filter((text) => text.includes(`\nconst ${name}: Command = {\n`)).length, 1, name);
  });

  it('have the same views, in the same container', () => {
    const contributed = objectOf(contributes['views']);
    assert.deepEqual(Object.keys(contributed), [viewContainer]);
    assert.deepEqual(listOf(contributed[viewContainer]).map(({ id }) => id), Object.values(views));
  });

  it('have the same settings', () => {
    const properties = Object.keys(objectOf(objectOf(contributes['configuration'])['properties']));
    const { section, ...names } = settings;
    assert.deepEqual(properties.toSorted(), Object.values(names).map((name) => `${section}.${name}`).toSorted());
  });

  it('look only at context keys that are set, and set none that nobody looks at', () => {
    const known: ReadonlySet<string> = new Set([...Object.values(contextKeys), ...Object.values(commands), ...Object.values(views)]);
    const used = whens(contributes).flatMap((when) => when.match(/\bsluice\.\w+/g) ?? []);
    assert.deepEqual(used.filter((name) => !known.has(name) && name !== 'sluice.yaml'), []);
    const ticking: readonly string[] = JSON.stringify(contributes['walkthroughs']).match(/\bsluice\.\w+/g) ?? [];
    for (const key of Object.values(contextKeys)) assert.ok(used.includes(key) || ticking.includes(key), `${key} is looked at nowhere`);
  });

  it('use only commands and views in menus that there are', () => {
    const menus = Object.values(objectOf(contributes['menus'])).flatMap((menu) => listOf(menu));
    for (const { command } of menus) assert.ok(contributedCommands.includes(textOf(command)), textOf(command));
    const used = [...manifestText.matchAll(/view == (sluice\.\w+)/g)].map((match) => match[1] ?? '');
    const known: readonly string[] = Object.values(views);
    assert.deepEqual(used.filter((view) => !known.includes(view)), []);
  });

  it('use only tokens of rows that some row has', () => {
    const sources = globSync('extension/views/**/*.ts', { cwd: root }).map((file) => readFileSync(path.join(root, file), 'utf8')).join('\n');
    const states = 'pending delayed active succeeded dead failed running stopped connected incompatible';
    for (const match of manifestText.matchAll(/viewItem =~ \/\\\\b\(?([\w|]+)\)?\\\\b\//g)) {
      for (const token of (match[1] ?? '').split('|')) assert.match(`${sources}\n${states}`, new RegExp(`\\b${token}\\b`), token);
    }
  });

  it('give the payload of each action the schema of its input', () => {
    const associations = listOf(contributes['jsonValidation']).map(({ fileMatch, url }) => [fileMatch, url]);
    assert.deepEqual(associations, actionDefinitions.map(({ name }) => [payloadPattern(name), payloadSchemaUrl(name)]));
  });

  it('put what destroys last, and behind a group of its own', () => {
    for (const item of listOf(objectOf(contributes['menus'])['view/item/context'])) {
      const destroys = /discard|cancel|stop/.test(textOf(item['command']));
      const group = textOf(item['group']);
      assert.ok(group.startsWith('inline') || group.startsWith('9_destructive') === destroys, `${textOf(item['command'])} in ${group}`);
    }
  });

  it('have a text for each of its keys, and no other', () => {
    const used = new Set([...JSON.stringify(manifest).matchAll(/"%([\w.]+)%"/g)].map((match) => match[1] ?? ''));
    assert.deepEqual([...used].toSorted(), Object.keys(texts).toSorted());
  });

  it('link only to commands that there are, in every welcome text', () => {
    const links = [...JSON.stringify(texts).matchAll(/\(command:(?:toSide:)?([\w.]+)\)/g)].map((match) => match[1] ?? '');
    assert.ok(links.length > 0);
    const known = [...contributedCommands, ...Object.values(views).map((view) => `${view}.focus`)];
    for (const link of links) assert.ok(!link.startsWith('sluice.') || known.includes(link), link);
  });

  it('tick the steps of the walkthrough off by commands and context keys that there are', () => {
    const [walkthrough] = listOf(contributes['walkthroughs']);
    assert.ok(walkthrough !== undefined);
    for (const step of listOf(walkthrough['steps'])) {
      const events = step['completionEvents'];
      assert.ok(Array.isArray(events) && events.length > 0, textOf(step['id']));
      for (const event of events as readonly Json[]) {
        const [kind, what = ''] = textOf(event).split(/:(.*)/s);
        const names = what.match(/\bsluice\.\w+/g) ?? [];
        assert.ok(kind === 'onCommand' || kind === 'onContext', textOf(event));
        const known: readonly string[] = kind === 'onCommand' ? contributedCommands : Object.values(contextKeys);
        assert.ok(names.length > 0 && names.every((name) => known.includes(name)), textOf(event));
      }
    }
  });

  it('lead from an empty view to the walkthrough', () => {
    const [walkthrough] = listOf(contributes['walkthroughs']);
    const id = `${textOf(manifest['publisher'])}.${textOf(manifest['name'])}#${textOf(walkthrough?.['id'])}`;
    assert.equal(walkthroughId, id);
    assert.ok(textOf(texts['welcome.none']).includes(`(command:${commands.getStarted})`));
  });

  it('draw the walkthrough in the colours of the theme alone', () => {
    const pictures = globSync('media/walkthrough/*.svg', { cwd: root });
    assert.equal(pictures.length, listOf(listOf(contributes['walkthroughs'])[0]?.['steps']).length);
    for (const file of pictures) {
      const colors = [...readFileSync(path.join(root, file), 'utf8').matchAll(/(?:fill|stroke)="([^"]+)"/g)].map((match) => match[1] ?? '');
      assert.deepEqual(colors.filter((color) => color !== 'none' && !color.startsWith('var(--vscode-')), [], file);
    }
  });

  it('name files that are there', () => {
    assert.equal(manifest['main'], './dist/extension.cjs');
    const icons = [...manifestText.matchAll(/"(media\/[^"]+)"/g)].map((match) => match[1] ?? '');
    for (const file of [textOf(manifest['icon']), ...icons]) assert.ok(existsSync(path.join(root, file)), file);
  });

  it('wake up for a project, its views and its commands, and never at the start', () => {
    assert.deepEqual(manifest['activationEvents'], ['workspaceContains:.sluice', `onFileSystem:${schemes.deadLetter}`, `onWebviewPanel:${dashboardPanel}`]);
  });

  it('have the same version of VS Code, in types and in what is asked for', () => {
    const types = textOf(objectOf(manifest['devDependencies'])['@types/vscode']);
    assert.equal(objectOf(manifest['engines'])['vscode'], `^${types.replace(/\.\d+$/, '.0')}`);
  });
});

function readJson(file: string): JsonObject {
  return objectOf(JSON.parse(readFileSync(path.join(root, file), 'utf8')) as Json);
}

function objectOf(value: Json | undefined): JsonObject {
  assert.ok(isJsonObject(value));
  return value;
}

function listOf(value: Json | undefined): readonly JsonObject[] {
  assert.ok(Array.isArray(value));
  return (value as readonly Json[]).map(objectOf);
}

function textOf(value: Json | undefined): string {
  assert.ok(typeof value === 'string');
  return value;
}

/** Every `when` and `enablement`, wherever it stands. */
function whens(value: Json): string[] {
  if (Array.isArray(value)) return (value as readonly Json[]).flatMap(whens);
  if (!isJsonObject(value)) return [];
  return Object.entries(value).flatMap(([key, child]) => ((key === 'when' || key === 'enablement') && typeof child === 'string' ? [child] : whens(child)));
}
