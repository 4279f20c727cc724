import { MemoryStore } from '../../../support/memory-store/memory-store.ts';
import { MemoryTables } from '../../../support/memory-store/memory-tables.ts';
import { describeStore } from '../../../support/store-suite.ts';

/** What each folder's store has left, as its disk would have it. */
const disks = new Map<string, MemoryTables>();

describeStore('a store in memory', (folder, daemon) => {
  const tables = disks.get(folder) ?? new MemoryTables();
  disks.set(folder, tables);
  return new MemoryStore(tables, daemon);
}, { isShared: true });
