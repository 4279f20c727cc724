import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { getL10nJson } from '@vscode/l10n-dev';

const root = path.resolve(import.meta.dirname, '../../..');

describe('the texts that can be translated', () => {
  it('are all in l10n/bundle.l10n.json (`npm run l10n` writes it)', async () => {
    const sources = globSync('extension/**/*.ts', { cwd: root }).map((file) => ({ extension: '.ts' as const, contents: readFileSync(path.join(root, file), 'utf8') }));
    const kept: unknown = JSON.parse(readFileSync(path.join(root, 'l10n/bundle.l10n.json'), 'utf8'));
    assert.deepEqual(kept, await getL10nJson(sources));
  });
});
