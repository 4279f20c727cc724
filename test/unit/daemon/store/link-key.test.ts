import assert from 'node:assert/strict';
import path from 'node:path';
import { linkHasher } from '../../../../daemon/secrets/signal-link.ts';
import { InlineConnection } from '../../../../daemon/store/sqlite/inline-connection.ts';
import { SqliteStore } from '../../../../daemon/store/sqlite/sqlite-store.ts';
import { StoreBench } from '../../../support/store-suite/store-bench.ts';

const text = `steps:
  tell: { uses: test/scripted, with: { text: "\${{ signalUrl('approve') }}" } }
  approve: { uses: wait/signal, with: { name: approve } }
`;

describe('the key of a store for links', () => {
  it('is another one: links that were made hold no longer, and jobs that are still to be sent carry others', async () => {
    let linkKey = 'a1'.repeat(32);
    const bench = new StoreBench((folder) => new SqliteStore(new InlineConnection({ file: path.join(folder, 'store.db'), durability: 'normal', newStoreId: () => 'abcdefgh', linkKey })));
    try {
      await bench.open();
      await bench.run(text);
      const { jobId, createdAt } = await bench.next();
      const look = (key: string) => bench.store.signalLink({ hash: linkHasher(key)(jobId, createdAt, 'approve'), now: bench.now });
      assert.equal((await look(linkKey))?.standing, 'open');
      await bench.crash();
      assert.equal((await look(linkKey))?.standing, 'open', 'with the same key, it holds over a restart');
      linkKey = 'b2'.repeat(32);
      await bench.crash();
      assert.deepEqual([await look('a1'.repeat(32)), (await look(linkKey))?.standing], [undefined, 'open']);
    } finally {
      await bench.dispose();
    }
  });
});
