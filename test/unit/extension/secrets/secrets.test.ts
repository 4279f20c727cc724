import assert from 'node:assert/strict';
import { namedSecrets } from '../../../../extension/secrets/named-secrets.ts';
import { SecretKeeper, type SecretStore } from '../../../../extension/secrets/secret-keeper.ts';
import type { MethodName, Params, Result } from '../../../../schemas/protocol/method.ts';
import { ScriptedTopics } from '../mirror/scripted-topics.ts';

class Vault implements SecretStore {
  readonly kept = new Map<string, string>([['of another extension part', 'x']]);
  keys = async (): Promise<string[]> => [...this.kept.keys()];
  get = async (key: string): Promise<string | undefined> => this.kept.get(key);
  store = async (key: string, value: string): Promise<void> => void this.kept.set(key, value);
  delete = async (key: string): Promise<void> => void this.kept.delete(key);
}

class SecretDaemon extends ScriptedTopics {
  readonly taken: unknown[] = [];

  override async call<M extends MethodName>(method: M, params: Params<M>): Promise<Result<M>> {
    assert.equal(method, 'secret/set');
    this.taken.push(params);
    return { name: 'x', from: 'memory' } as Result<M>;
  }
}

describe('secrets that VS Code keeps', () => {
  it('go to the daemon of their own project, for its memory alone', async () => {
    const keeper = new SecretKeeper(new Vault());
    await keeper.set('file:///shop', 'ERP_TOKEN', 'a');
    await keeper.set('file:///shop', 'ESP', 'b');
    await keeper.set('file:///shop2', 'OTHER', 'c');
    await keeper.delete('file:///shop', 'ESP');
    const daemon = new SecretDaemon();
    assert.deepEqual(await keeper.handOver('file:///shop', daemon), ['ERP_TOKEN']);
    assert.deepEqual(daemon.taken, [{ name: 'ERP_TOKEN', value: 'a', persist: false }]);
    assert.deepEqual(await keeper.names('file:///shop2'), ['OTHER']);
  });

  it('are found by the names in files', () => {
    assert.deepEqual(namedSecrets('a: "Bearer ${{ secrets.ERP_TOKEN }}"\nb: ${{secrets.ESP}} # secrets.ERP_TOKEN, mysecrets.NO\n'), ['ERP_TOKEN', 'ESP']);
  });
});
