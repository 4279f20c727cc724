import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import manifest from '../../../../package.json' with { type: 'json' };
import { projectFileKind } from '../../../../schemas/workflow/analysis/analyse-project.ts';

const root = path.resolve(import.meta.dirname, '../../../..');
const { languages, grammars, yamlValidation } = manifest.contributes;

describe('files of the language', () => {
  const [language] = languages;
  assert.ok(language);

  it('are those that the analysis reads', () => {
    const samples = ['.sluice/workflows/a.yaml', '.sluice/workflows/a.yml', ...['queues', 'connections', 'config'].flatMap((name) => [`.sluice/${name}.yaml`, `.sluice/${name}.yml`]), 'any/where/a.sluice.yaml', 'a.sluice.yml'];
    for (const sample of samples) assert.ok(projectFileKind(sample) !== undefined && isOurs(sample), sample);
    for (const other of ['a.yaml', '.sluice/other.yaml', '.sluice/state/store.db', 'workflows/a.yaml', '.github/workflows/a.yaml']) {
      assert.ok(projectFileKind(other) === undefined && !isOurs(other), other);
    }
    assert.deepEqual(language.filenamePatterns.map((pattern) => projectFileKind(sampleOf(pattern))).filter((kind) => kind === undefined), []);
  });

  it('are checked by their schema in editors that have no more than a YAML extension', () => {
    for (const { fileMatch, url } of yamlValidation) {
      assert.ok(existsSync(path.join(root, url)), url);
      for (const pattern of fileMatch) assert.equal(projectFileKind(sampleOf(pattern)), path.basename(url, '.schema.json'), pattern);
    }
    assert.equal(new Set(yamlValidation.map(({ url }) => url)).size, 4);
  });

  it('have files for their grammar, configuration and icons, which the package holds', () => {
    const shipped = readFileSync(path.join(root, '.vscodeignore'), 'utf8').split('\n').filter((line) => line.startsWith('!')).map((line) => line.slice(1));
    for (const file of [language.configuration, language.icon.light, language.icon.dark, ...grammars.map((grammar) => grammar.path), ...yamlValidation.map(({ url }) => url)]) {
      assert.ok(existsSync(path.join(root, file)), file);
      assert.ok(shipped.some((pattern) => path.matchesGlob(file.replace('./', ''), pattern)), `${file} is not in the package`);
    }
    assert.deepEqual(grammars.map((grammar) => grammar.language), [language.id]);
  });

  it('are indented by Enter behind a key without a value', () => {
    const { onEnterRules } = JSON.parse(readFileSync(path.join(root, language.configuration), 'utf8')) as { readonly onEnterRules: readonly { readonly beforeText: string; readonly action: { readonly indent: string } }[] };
    const isIndented = (line: string): boolean => onEnterRules.some(({ beforeText, action }) => action.indent === 'indent' && new RegExp(beforeText).test(line));
    for (const line of ['steps:', '  url:', '  url: # why', '  - with:', '  text: |', '  text: >-']) assert.ok(isIndented(line), line);
    for (const line of ['  url: a', '# steps:', '  - url', '  url: "http://a"', '']) assert.ok(!isIndented(line), line);
  });

  function isOurs(file: string): boolean {
    assert.ok(language);
    return language.extensions.some((ending) => file.endsWith(ending)) || language.filenamePatterns.some((pattern) => path.matchesGlob(`folder/${file}`, pattern));
  }
});

/** A file, from the project's folder, that a pattern takes. */
function sampleOf(pattern: string): string {
  return pattern.replace('**/', '').replace('*', 'a');
}
