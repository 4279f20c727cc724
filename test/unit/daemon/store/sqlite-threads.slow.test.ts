import path from 'node:path';
import { openSqliteStore } from '../../../../daemon/store/sqlite/sqlite-store.ts';
import { describeStore } from '../../../support/store-suite.ts';
import { suiteLinkKey } from '../../../support/store-suite/suite-links.ts';

// Each opening starts two threads, which is what takes the time here.
describeStore('the SQLite store behind its threads', (folder) => openSqliteStore({ file: path.join(folder, 'store.db'), durability: 'normal', linkKey: suiteLinkKey }), {
  modelRuns: 5,
});
