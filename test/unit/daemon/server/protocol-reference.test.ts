import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { replaceGenerated } from '../../../../daemon/cli/command-reference.ts';
import { renderErrorReference, renderLimitReference, renderMethodReference } from '../../../../daemon/server/protocol-reference.ts';

const page = path.resolve(import.meta.dirname, '../../../../docs/protocol.md');

describe('docs/protocol.md', () => {
  it('says what the schemas say (SLUICE_UPDATE_DOCS=1 writes it again)', () => {
    const text = readFileSync(page, 'utf8');
    const parts = { errors: renderErrorReference(), methods: renderMethodReference(), limits: renderLimitReference() };
    const fresh = Object.entries(parts).reduce((whole, [name, content]) => replaceGenerated(whole, name, content), text);
    if (process.env.SLUICE_UPDATE_DOCS === '1') writeFileSync(page, fresh);
    else assert.equal(text, fresh, 'stale: run SLUICE_UPDATE_DOCS=1 mocha test/unit/daemon/server/protocol-reference.test.ts');
  });

  it('has every shape that it links to', () => {
    const shapes = readFileSync(path.join(path.dirname(page), 'command-line.md'), 'utf8');
    for (const [, anchor = ''] of readFileSync(page, 'utf8').matchAll(/command-line\.md#([a-z]+)/g)) {
      assert.match(shapes, new RegExp(`^##+ ${anchor}$`, 'im'));
    }
  });
});
