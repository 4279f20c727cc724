import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { FanOut } from '../../../../daemon/engine/fan-out.ts';
import type { Store } from '../../../../daemon/store/store.ts';
import { FakeClock } from '../../../support/fake-clock.ts';

describe('items of a file that another machine was to read', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'sluice-items-'));
    writeFileSync(path.join(folder, 'people.csv'), 'name\nAnn\n');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** What the store is told when that machine's daemon is gone, and stays gone. */
  const toldOf = async (cursor: number): Promise<readonly string[]> => {
    const told: string[] = [];
    const clock = new FakeClock();
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const tell = (text: string): void => {
      told.push(text);
      resolve(undefined);
    };
    const store = {
      items: { self: 'here', takeOver: async () => (tell('taken over'), { taken: true }) },
      failFanOut: async ({ error }: Parameters<Store['failFanOut']>[0]) => tell(error.message),
    } as unknown as Store;
    const fanOut = new FanOut({ clock, store, projectFolder: folder, stateFolder: folder, storeId: () => 'id', leads: () => told.length === 0, others: () => [], log: { warn: () => {} }, onError: (error) => tell(String(error)) });
    fanOut.committed({ queues: [], expanding: [{ stepId: 1, queue: 'api', cursor, file: 'people.csv', reader: { daemon: 'gone', since: clock.now() - 3_600_000 } }] });
    await promise;
    await fanOut.stop();
    return told;
  };

  it('are read here from the beginning, if none of them is a job yet', async () => {
    assert.deepEqual(await toldOf(0), ['taken over']);
  });

  it('are not continued with this machine’s file, which may be another one', async () => {
    assert.deepEqual(await toldOf(500), [`The items can't be read: "people.csv" is to be read on the machine of gone, whose daemon is gone, and on that of here is no copy of it, from which the first 500 items came.`]);
  });
});
