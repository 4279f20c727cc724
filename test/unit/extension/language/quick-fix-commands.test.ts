import assert from 'node:assert/strict';
import { commands } from '../../../../extension/base/ids.ts';
import { setSecretCommand } from '../../../../schemas/language/code-actions.ts';

describe('quick fixes of the language server', () => {
  it('name a command that the extension has', () => {
    assert.equal(setSecretCommand, commands.setSecret);
  });
});
