import assert from 'node:assert/strict';
import { readEmailAddress } from '../../../../daemon/actions/email-message.ts';

describe('readEmailAddress', () => {
  const cases: readonly (readonly [string, string | undefined, string?])[] = [
    ['ada@example.com', 'ada@example.com', ''],
    ['Ada Lovelace <ada@example.com>', 'ada@example.com', 'Ada Lovelace'],
    ['"Lovelace, Ada" <ada+news@example.com>', 'ada+news@example.com', 'Lovelace, Ada'],
    ['<ada@example.com>', 'ada@example.com', ''],
    ['jörg@müller.example', 'jörg@müller.example', ''],
    ['ada@[127.0.0.1]', 'ada@[127.0.0.1]', ''],
    ['', undefined],
    ['ada', undefined],
    ['ada@', undefined],
    ['@example.com', undefined],
    ['ada@example.com, eve@example.com', undefined],
    ['ada@example.com; eve@example.com', undefined],
    ['Lovelace, Ada <ada@example.com>', 'ada@example.com', 'Lovelace, Ada'],
    ['Ada <ada@example.com> <eve@example.com>', 'ada@example.com', 'Ada eve@example.com'],
    ['eve@example.com, Ada <ada@example.com>', undefined],
    ['Ada <ada@example.com>, Eve <eve@example.com>', undefined],
    ['"Ada" <ada@example.com>, eve', undefined],
    ['friends: ada@example.com, eve@example.com;', undefined],
    ['ada@example.com\r\nBcc: eve@example.com', undefined],
    ['Ada\nBcc: eve@example.com <ada@example.com>', undefined],
    ['ada@example.com\0', undefined],
    ['ada@example.com> RCPT TO:<eve@example.com', undefined],
    [`${'a'.repeat(320)}@example.com`, undefined],
  ];
  for (const [text, address, name] of cases) {
    it(`reads ${JSON.stringify(text.slice(0, 60))} as ${address}`, () => {
      assert.deepEqual(readEmailAddress(text), address === undefined ? undefined : { address, name });
    });
  }
});
