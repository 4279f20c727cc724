import assert from 'node:assert/strict';
import pg from 'pg';
import { DaemonMemory } from '../../../../daemon/store/postgres/daemon-memory.ts';
import { PostgresStore } from '../../../../daemon/store/postgres/postgres-store.ts';
import { PostgresWriter, type Write } from '../../../../daemon/store/postgres/postgres-writer.ts';
import { systemClock } from '../../../../daemon/platform/system-clock.ts';
import { anchorAt } from '../../../support/anchor-at.ts';
import { describeWithPostgres } from '../../../support/postgres-server.ts';

const now = Date.UTC(2026, 0, 5, 9, 0, 0);
/** Held by a test, it keeps the commits that wait for it on their way. */
const gate = 4711;

/** Rows whose transaction waits at its commit until the gate is open, and then fails if the row says so. */
const slowCommits = `
  SET search_path TO shop;
  CREATE TABLE written (at bigint GENERATED ALWAYS AS IDENTITY, name text NOT NULL, fails boolean NOT NULL DEFAULT false);
  CREATE FUNCTION commit_slowly() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    PERFORM pg_advisory_xact_lock_shared(${gate});
    IF NEW.fails THEN RAISE EXCEPTION 'this commit fails'; END IF;
    RETURN NULL;
  END $$;
  CREATE CONSTRAINT TRIGGER slowly AFTER INSERT ON written DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION commit_slowly();`;

describeWithPostgres(
  'a transaction that follows a commit which is on its way',
  (server) => {
    let url: string;
    let admin: pg.Client;
    let memory: DaemonMemory;
    let writer: PostgresWriter;
    beforeEach(async () => {
      ({ url } = await server().newDatabase());
      const store = new PostgresStore({ url, schema: 'shop', daemon: 'tables', hasServerClock: false });
      await store.open({ anchor: anchorAt(now), random: 0.5 });
      await store.close();
      admin = new pg.Client(url);
      await admin.connect();
      await admin.query(slowCommits);
      memory = new DaemonMemory();
      writer = new PostgresWriter({ url, schema: 'shop', memory, clock: systemClock });
    });
    afterEach(async () => {
      await admin.query('SELECT pg_advisory_unlock_all()');
      await writer.close();
      await admin.end();
    });

    const shut = () => admin.query('SELECT pg_advisory_lock($1)', [gate]);
    const open = () => admin.query('SELECT pg_advisory_unlock($1)', [gate]);
    const written = async () => (await admin.query<{ name: string }>('SELECT name FROM written ORDER BY at')).rows.map(({ name }) => name);
    const numbers = async () => (await admin.query<{ seq: string }>('SELECT seq FROM commits WHERE daemon = 0 ORDER BY seq')).rows.map(({ seq }) => Number(seq));

    /** Writes a row, and says when its commit has left. */
    const write = (name: string, { fails = false, ...more }: Partial<Write<void>> & { readonly fails?: boolean } = {}) => {
      const sent = Promise.withResolvers<undefined>();
      let times = 0;
      const done = writer.write({
        access: 'beside',
        name,
        ...more,
        onSent: () => sent.resolve(undefined),
        work: async (batch) => {
          times++;
          batch.isWriting = true;
          await batch.tx.run('INSERT INTO written (name, fails) VALUES ($1, $2)', [name, String(fails)]);
        },
      });
      done.catch(() => {});
      return { done, sent: sent.promise, get times() { return times; } };
    };
    const untilCommitWaits = async (): Promise<void> => {
      while ((await admin.query("SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query = 'COMMIT'")).rowCount === 0);
    };

    it('is sent before that is answered, and commits after it', async () => {
      await shut();
      const first = write('first');
      await first.sent;
      await untilCommitWaits();
      const second = write('second', { follows: true });
      const third = write('third');
      await new Promise(setImmediate);
      assert.deepEqual([second.times, third.times], [1, 0]);
      assert.deepEqual(await written(), []);
      await open();
      await Promise.all([first.done, second.done, third.done]);
      assert.deepEqual(await written(), ['first', 'second', 'third']);
      assert.deepEqual(await numbers(), [1, 2, 3]);
      assert.deepEqual([first.times, second.times, third.times], [1, 1, 1]);
    });

    it('begins again where that has failed, after whatever becomes of it', async () => {
      await shut();
      const first = write('first', { fails: true });
      await first.sent;
      await untilCommitWaits();
      const second = write('second', { follows: true });
      await new Promise(setImmediate);
      assert.equal(second.times, 1);
      await open();
      await assert.rejects(first.done, /this commit fails/);
      await second.done;
      assert.equal(second.times, 2);
      assert.deepEqual(await written(), ['second']);
      assert.deepEqual(await numbers(), [1]);
    });

    it('begins again, once, where the connection is lost before that is answered', async () => {
      await shut();
      const first = write('first');
      await first.sent;
      await untilCommitWaits();
      const second = write('second', { follows: true });
      await new Promise(setImmediate);
      await admin.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = 'COMMIT' AND wait_event_type = 'Lock'");
      await open();
      await Promise.all([first.done, second.done]);
      assert.deepEqual([first.times, second.times], [2, 2]);
      assert.deepEqual(await written(), ['first', 'second']);
      assert.deepEqual(await numbers(), [1, 2]);
    });

    it('waits for the end of one that can not be followed', async () => {
      await shut();
      const first = write('first', { access: 'alone' });
      await untilCommitWaits();
      const second = write('second', { follows: true });
      await new Promise(setImmediate);
      assert.equal(second.times, 0);
      await open();
      await Promise.all([first.done, second.done]);
      assert.deepEqual(await written(), ['first', 'second']);
    });

    it('leaves its turn to what was asked for before it', async () => {
      await shut();
      const first = write('first');
      await first.sent;
      await untilCommitWaits();
      const looked = writer.look(async (tx) => (await tx.rows('SELECT name FROM written')).length);
      const second = write('second', { follows: true });
      await open();
      assert.equal(await looked, 1);
      await Promise.all([first.done, second.done]);
      assert.deepEqual(await written(), ['first', 'second']);
    });
  },
  { fsync: false },
);
