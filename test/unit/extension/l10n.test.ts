import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { bundleFile, patternsIn, translatableTexts } from '../../../scripts/translatable-texts.ts';

const root = path.resolve(import.meta.dirname, '../../..');

describe('the texts that can be translated', () => {
  it(`are all in ${bundleFile} (\`npm run l10n\` writes it)`, () => {
    const kept: unknown = JSON.parse(readFileSync(path.join(root, bundleFile), 'utf8'));
    assert.deepEqual(kept, translatableTexts(root));
  });

  it('are found in calls that tell a message (control)', () => {
    const source = "say('One.'); textOf(message('{count} of {total}', { count, total })); polish.say(isLate ? 'Late.' : 'In time.'); t('none'); english.say('For the log.');";
    assert.deepEqual(patternsIn('a.ts', source), ['One.', '{count} of {total}', 'Late.', 'In time.']);
  });
});
