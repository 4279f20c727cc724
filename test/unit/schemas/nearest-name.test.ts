import assert from 'node:assert/strict';
import { nearestName } from '../../../schemas/workflow/nearest-name.ts';

describe('nearestName', () => {
  const known = ['concurrency', 'max-depth', 'rate', 'retry', 'on'];
  const slips: Readonly<Record<string, string | undefined>> = {
    concurency: 'concurrency',
    concurrencies: 'concurrency',
    maxDepth: 'max-depth',
    max_depth: 'max-depth',
    rtae: 'rate',
    RATE: 'rate',
    no: 'on',
    conc: 'concurrency',
    re: undefined,
    ab: undefined,
    priority: undefined,
    '': undefined,
  };
  for (const [slip, meant] of Object.entries(slips)) {
    it(`${slip === '' ? 'nothing' : slip} is ${meant ?? 'near to none'}`, () => assert.equal(nearestName(slip, known), meant));
  }

  it('prefers the nearest', () => assert.equal(nearestName('step_2', ['step_1x', 'step_22', 'step_2y2']), 'step_22'));
  it('guesses nothing of a beginning that several have', () => assert.equal(nearestName('pass', ['password-file', 'passphrase']), undefined));
  it('guesses nothing for a name as long as a page', () => assert.equal(nearestName('a'.repeat(10_000), ['a'.repeat(9_999)]), undefined));
});
