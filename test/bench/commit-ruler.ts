import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { withProject } from './bench-folder.ts';

const rowsPerCommit = 100;

/**
 * Transactions per second that the machine allows just now: bare `node:sqlite`, WAL, `synchronous=FULL`, 100 rows each. What is
 * measured beside it can be compared between machines, and on one that is noisy.
 */
export async function commitsPerSecond(commits = 150): Promise<number> {
  return withProject({}, async (folder) => {
    const db = new DatabaseSync(path.join(folder, 'ruler.db'));
    try {
      db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE rows (id INTEGER PRIMARY KEY, text TEXT)');
      const insert = db.prepare('INSERT INTO rows (text) VALUES (?)');
      const startedAtMs = performance.now();
      for (let commit = 0; commit < commits; commit++) {
        db.exec('BEGIN IMMEDIATE');
        for (let row = 0; row < rowsPerCommit; row++) insert.run('{"n":1234567890,"text":"as long as a small payload is"}');
        db.exec('COMMIT');
      }
      return (commits / (performance.now() - startedAtMs)) * 1000;
    } finally {
      db.close();
    }
  });
}
