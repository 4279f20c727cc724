import assert from 'node:assert/strict';
import { Masker } from '../../../../daemon/secrets/masker.ts';
import { daemonName, secretsOf, storePlaceOf } from '../../../../daemon/store/store-place.ts';
import { analyseConfig } from '../../../../schemas/workflow/analysis/analyse-connections.ts';

const url = 'postgres://sluice:to%2Fp@db.example.com:5432/jobs';

describe('where the store of a project is', () => {
  const placeOf = (config: string, { env = {}, secrets = { STORE_URL: url } }: { readonly env?: NodeJS.ProcessEnv; readonly secrets?: Readonly<Record<string, string>> } = {}) => {
    const { value, diagnostics } = analyseConfig(config);
    assert.deepEqual(diagnostics, []);
    const secret = (name: string) => (secrets[name] === undefined ? { ok: false as const } : { ok: true as const, value: secrets[name] });
    return storePlaceOf({ settings: value?.store, env, secret });
  };

  it('is the state folder if nothing is said', () => {
    assert.deepEqual(placeOf(''), { kind: 'embedded' });
    assert.deepEqual(placeOf('', { env: { SLUICE_STORE: '' } }), { kind: 'embedded' });
  });

  it('is what config.yaml says, by a secret or by a URL without a password', () => {
    assert.deepEqual(placeOf('store: { postgres: "${{ secrets.STORE_URL }}", schema: shop }'), { kind: 'postgres', url, schema: 'shop' });
    const local = 'postgresql://sluice@/jobs?host=/run/postgresql';
    assert.deepEqual(placeOf(`store: { postgres: "${local}", listen: "\${{secrets.STORE_URL}}" }`), { kind: 'postgres', url: local, listenUrl: url, schema: 'sluice' });
  });

  it('is what the variable says, in the schema that config.yaml names', () => {
    assert.deepEqual(placeOf('', { env: { SLUICE_STORE: url } }), { kind: 'postgres', url, schema: 'sluice' });
    assert.deepEqual(placeOf('store: { schema: shop }', { env: { SLUICE_STORE: url } }), { kind: 'postgres', url, schema: 'shop' });
  });

  for (const [what, config, options, expected] of [
    ['both say it', 'store: { postgres: "${{ secrets.STORE_URL }}" }', { env: { SLUICE_STORE: url } }, /both say where/],
    ['a schema is all that is said', 'store: { schema: shop }', {}, /has no 'postgres'/],
    ['the variable is not a URL of Postgres', '', { env: { SLUICE_STORE: 'mysql://root:topsecret@db/jobs' } }, /SLUICE_STORE is not a URL/],
    ['the secret is not set', 'store: { postgres: "${{ secrets.STORE_URL }}" }', { secrets: {} }, /needs the secret STORE_URL, which is not set.*SLUICE_SECRET_STORE_URL/],
    ['the secret is not a URL of Postgres', 'store: { postgres: "${{ secrets.STORE_URL }}" }', { secrets: { STORE_URL: 'topsecret' } }, /The secret STORE_URL.*is not a URL/],
  ] as const) {
    it(`can't be told where ${what}: no daemon starts, and nothing secret is said`, () => {
      assert.throws(() => placeOf(config, options), (error: unknown) => error instanceof Error && expected.test(error.message) && !error.message.includes('topsecret'));
    });
  }

  it('has a URL and a password, as it stands and as it is meant, that are never shown', () => {
    const masker = new Masker(secretsOf({ kind: 'postgres', url, listenUrl: 'postgres://sluice:listening@db/jobs', schema: 'shop' }));
    const shown = masker.text(`${url} to%2Fp "to/p" listening`);
    for (const part of ['to%2Fp', 'to/p', 'listening']) assert.ok(!shown.includes(part), shown);
  });

  it('is shared by daemons whose names differ by machine and folder, and not by start', () => {
    assert.equal(daemonName('/srv/shop', 'a'), daemonName('/srv/shop', 'a'));
    assert.equal(new Set([daemonName('/srv/shop', 'a'), daemonName('/srv/shop', 'b'), daemonName('/srv/other', 'a')]).size, 3);
  });
});
