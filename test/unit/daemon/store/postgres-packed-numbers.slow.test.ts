import assert from 'node:assert/strict';
import { PackedNumbers } from '../../../../daemon/store/postgres/packed-numbers.ts';
import { Session } from '../../../../daemon/store/postgres/session.ts';
import { describeWithPostgres } from '../../../support/postgres-server.ts';

const most = Number.MAX_SAFE_INTEGER;

describeWithPostgres(
  'numbers that are packed',
  (server) => {
    let session: Session;
    before(async () => {
      const { url } = await server().newDatabase();
      session = await Session.connect({ url, isPreparing: () => true });
    });
    after(() => session.end());

    const read = async (type: 'bigint' | 'double precision', values: readonly (number | null)[]): Promise<readonly unknown[]> =>
      (await session.values(`SELECT n FROM unnest($1::${type}[]) WITH ORDINALITY AS k (n, at) ORDER BY at`, [new PackedNumbers(type, values)])).map(([value]) => value);

    it('are read by the server as they are', async () => {
      const whole = [0, 1, -1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, -(2 ** 31), -(2 ** 32), -(2 ** 32) - 1, Date.UTC(2026, 0, 5), most, -most];
      assert.deepEqual(await read('bigint', whole), whole);
      const fractions = [0, 0.1, -0.5, Date.UTC(2026, 0, 5) + 0.25, Number.MAX_VALUE, -Number.MIN_VALUE];
      assert.deepEqual(await read('double precision', fractions), fractions);
    });

    it('may be missing, some of them or all', async () => {
      assert.deepEqual(await read('bigint', [null, 7, null, null, most]), [null, 7, null, null, most]);
      assert.deepEqual(await read('bigint', [null]), [null]);
      assert.deepEqual(await read('bigint', []), []);
      assert.deepEqual(await read('double precision', [1.5, null]), [1.5, null]);
    });

    it('are found in columns of their type, and compared', async () => {
      assert.deepEqual(await session.values('SELECT n::bigint FROM generate_series(1, 9) AS n WHERE n = ANY ($1::bigint[])', [new PackedNumbers('bigint', [2, 5, 40])]), [[2], [5]]);
    });
  },
  { fsync: false },
);
