import assert from 'node:assert/strict';
import { versionFit } from '../../../client/connect.ts';

describe('how the versions of daemon and extension fit', () => {
  const cases: readonly [daemon: string, extension: string, fit: ReturnType<typeof versionFit>][] = [
    ['1.4.2', '1.4.2', 'fits'],
    ['1.5.0', '1.4.2', 'fits'],
    ['1.3.9', '1.4.0', 'older'],
    ['1.9.0', '2.0.0', 'too-old'],
    ['2.0.0', '1.9.0', 'too-new'],
    ['0.1.1', '0.1.2', 'older'],
    ['0.1.9', '0.2.0', 'too-old'],
    ['0.10.0', '0.9.0', 'too-new'],
    ['1.0.0-beta.1', '1.0.0', 'fits'],
    ['banana', '1.0.0', 'too-old'],
    ['banana', 'banana', 'fits'],
  ];
  for (const [daemon, extension, fit] of cases) {
    it(`${daemon} with an extension of ${extension}: ${fit}`, () => assert.equal(versionFit(daemon, extension), fit));
  }
});
