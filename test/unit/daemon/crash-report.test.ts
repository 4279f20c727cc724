import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { crashText } from '../../../daemon/crash-report.ts';

const daemonFolder = pathToFileURL(path.resolve(import.meta.dirname, '../../../daemon')).href;

describe('the report of a crash', () => {
  for (const [fault, code] of [
    ['an error that nobody caught', "throw new Error('a server answered hunter22hunter22')"],
    ['a rejection that nobody handled', "void Promise.reject(new Error('hunter22hunter22'))"],
    ['something that is not an error', "throw 'hunter22hunter22'"],
  ] as const) {
    it(`holds no secret, and ends the process, after ${fault}`, () => {
      const program = `import { reportCrashes } from '${daemonFolder}/crash-report.ts'; import { Masker } from '${daemonFolder}/secrets/masker.ts'; const masker = new Masker(['hunter22hunter22']); reportCrashes((text) => masker.cutText(text)); ${code}; setTimeout(() => {}, 60_000)`;
      const { status, stderr } = spawnSync(process.execPath, ['--input-type=module-typescript', '--disable-warning=ExperimentalWarning', '-e', program], { encoding: 'utf8', timeout: 60_000 });
      assert.equal(status, 1);
      assert.match(stderr, /^sluice: the daemon has ended by a fault: .*\*\*\*/);
      assert.doesNotMatch(stderr, /hunter22/);
    });
  }

  it('leaves the text out if it could not be masked', () => {
    const failing = (): string => {
      throw new RangeError('stack');
    };
    assert.equal(crashText(new TypeError('hunter22'), failing), 'TypeError (its text could not be masked, and is left out)');
  });
});
