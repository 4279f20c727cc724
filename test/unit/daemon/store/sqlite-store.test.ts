import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { InlineConnection } from '../../../../daemon/store/sqlite/inline-connection.ts';
import { openSqliteStore, SqliteStore } from '../../../../daemon/store/sqlite/sqlite-store.ts';
import { describeStore } from '../../../support/store-suite.ts';

describeStore(
  'the SQLite store',
  (folder) =>
    new SqliteStore(
      new InlineConnection({ file: path.join(folder, 'store.db'), durability: 'normal', newStoreId: () => randomBytes(4).toString('hex') }),
    ),
);

// Each opening starts two threads, which is what takes the time here.
describeStore('the SQLite store behind its threads', (folder) => openSqliteStore({ file: path.join(folder, 'store.db'), durability: 'normal' }), {
  modelRuns: 5,
});
