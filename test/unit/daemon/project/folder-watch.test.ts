import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { FolderWatch } from '../../../../daemon/project/folder-watch.ts';
import { FakeClock } from '../../../support/fake-clock.ts';

describe('a watch of folders', () => {
  let folder: string;
  let watch: FolderWatch;
  let clock: FakeClock;
  let changes: number;
  /** Resolves when a change is told of after `act`. What the system says of it comes when it likes; how long more of the same is waited for is the clock's. */
  const told = async (act: () => Promise<unknown>): Promise<void> => {
    const before = changes;
    await act();
    while (clock.nextTimerAt() === undefined) await new Promise((resolve) => setImmediate(resolve));
    await clock.advance(100);
    assert.equal(changes, before + 1);
  };

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'sluice-watch-'));
    await mkdir(path.join(folder, 'a'));
    changes = 0;
    clock = new FakeClock();
    watch = new FolderWatch({ folders: [path.join(folder, 'a'), path.join(folder, 'later')], clock, onChange: () => {
      changes++;
    } });
    await watch.renew();
  });
  afterEach(async () => {
    watch.stop();
    await rm(folder, { recursive: true });
  });

  it('tells of a file that is made, changed or removed', async () => {
    const file = path.join(folder, 'a', 'x.yaml');
    await told(() => writeFile(file, '1'));
    await told(() => writeFile(file, '2'));
    await told(() => rm(file));
  });

  it('tells once of many changes that follow each other', async () => {
    await told(async () => {
      for (let index = 0; index < 200; index++) await writeFile(path.join(folder, 'a', `${index}.yaml`), '');
    });
  });

  it('continues with a folder that is made later, or in the place of another, once it is renewed', async () => {
    await mkdir(path.join(folder, 'later'));
    await watch.renew();
    await told(() => writeFile(path.join(folder, 'later', 'x.yaml'), ''));
    await rename(path.join(folder, 'a'), path.join(folder, 'away'));
    await mkdir(path.join(folder, 'a'));
    await watch.renew();
    await told(() => writeFile(path.join(folder, 'a', 'y.yaml'), ''));
  });
});
