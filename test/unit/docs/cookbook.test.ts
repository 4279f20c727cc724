import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { cookbook, cookbookFile } from '../../../scripts/generate-cookbook.ts';

describe('docs/cookbook.md', () => {
  it('has the files of test/flows/ as they are (else: npm run generate)', () => {
    const page = cookbook();
    assert.equal(readFileSync(cookbookFile, 'utf8'), page);
    assert.equal([...page.matchAll(/^```yaml$/gm)].length, 6);
    assert.doesNotMatch(page, /<!-- file/);
  });
});
