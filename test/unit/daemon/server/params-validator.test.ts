import assert from 'node:assert/strict';
import { ParamsValidator } from '../../../../daemon/server/params.ts';
import { CodedError } from '../../../../schemas/protocol/error.ts';
import { methods } from '../../../../schemas/protocol/method.ts';

describe('the parameters of', () => {
  const validator = new ParamsValidator();

  // Schemas are compiled when they are first needed: one that can't be would end that call, and not the start.
  for (const method of Object.keys(methods)) {
    it(`${method} are checked, and what doesn't belong there is refused`, () => {
      assert.throws(
        () => validator.check(method, { somethingElse: 1 }),
        (error: unknown) => error instanceof CodedError && error.code === 'invalid-params' && error.message.startsWith(`${method}: `),
      );
    });
  }
});
