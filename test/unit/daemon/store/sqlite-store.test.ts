import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { InlineConnection } from '../../../../daemon/store/sqlite/inline-connection.ts';
import { SqliteStore } from '../../../../daemon/store/sqlite/sqlite-store.ts';
import { describeStore } from '../../../support/store-suite.ts';
import { suiteLinkKey } from '../../../support/store-suite/suite-links.ts';

describeStore(
  'the SQLite store',
  (folder) =>
    new SqliteStore(
      new InlineConnection({ file: path.join(folder, 'store.db'), durability: 'normal', newStoreId: () => randomBytes(4).toString('hex'), linkKey: suiteLinkKey }),
    ),
);
