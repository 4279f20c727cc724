import assert from 'node:assert/strict';
import type { KnownSecrets } from '../../../../extension/language/known-secrets.ts';
import { namedSecrets, publishSecretNames, type SecretsProject } from '../../../../extension/secrets/secret-names.ts';
import { SecretKeeper, type SecretStore } from '../../../../extension/secrets/secret-keeper.ts';
import { Signal } from '../../../../extension/base/signal.ts';
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

/** Lists what it is told to, once it is told to. */
class ListingDaemon extends ScriptedTopics {
  readonly #answers: (readonly string[] | Promise<readonly string[]>)[];

  constructor(...answers: (readonly string[] | Promise<readonly string[]>)[]) {
    super();
    this.#answers = answers;
  }

  override async call<M extends MethodName>(method: M): Promise<Result<M>> {
    assert.equal(method, 'secret/list');
    const names = (await this.#answers.shift()) ?? [];
    return { secrets: names.map((name) => ({ name, from: 'environment' })) } as unknown as Result<M>;
  }
}

describe('names of secrets, for the language server', () => {
  const folder = 'file:///shop';
  const settled = (): Promise<void> => new Promise(setImmediate);

  function start(): { readonly told: KnownSecrets[]; readonly faults: string[]; readonly keeper: SecretKeeper; readonly stale: Signal<void>; readonly become: (daemon: SecretsProject['daemon']) => Promise<void> } {
    const told: KnownSecrets[] = [];
    const faults: string[] = [];
    const states = new Signal<SecretsProject | undefined>();
    const stale = new Signal<void>();
    let current: SecretsProject = { folder, name: 'shop', daemon: undefined };
    const keeper = new SecretKeeper(new Vault());
    publishSecretNames({
      projects: {
        get all() {
          return [current];
        },
        get: (asked) => (asked === folder ? current : undefined),
        onDidChangeState: states.listen,
      },
      onMayBeStale: stale.listen,
      secrets: keeper,
      language: { publishSecretNames: (known) => void told.push(known) },
      log: { warn: (text) => void faults.push(text) },
      subscriptions: [],
    });
    const become = async (daemon: SecretsProject['daemon']): Promise<void> => {
      current = { ...current, daemon };
      states.fire(current);
      await settled();
    };
    return { told, faults, keeper, stale, become };
  }

  it('are those that VS Code keeps and those of the daemon, when it is connected and when one changes', async () => {
    const { told, keeper, become } = start();
    await keeper.set(folder, 'KEPT', 'hush');
    await settled();
    assert.deepEqual(told.splice(0), [{ folder, names: ['KEPT'] }]);
    await become(new ListingDaemon(['ENV', 'KEPT'], ['ENV']));
    assert.deepEqual(told.splice(0), [{ folder, names: ['ENV', 'KEPT'] }]);
    await keeper.delete(folder, 'KEPT');
    await settled();
    assert.deepEqual(told.splice(0), [{ folder, names: ['ENV'] }]);
    // A daemon that restarts makes no secret unknown.
    await become(undefined);
    assert.deepEqual(told.splice(0), []);
    await keeper.set('file:///closed', 'OTHER', 'hush');
    await settled();
    assert.deepEqual(told, []);
  });

  it('are asked for again when they may be stale, and told only where they are others', async () => {
    const { told, stale, become } = start();
    await become(new ListingDaemon(['ENV'], ['ENV', 'SET_BY_COMMAND'], ['ENV', 'SET_BY_COMMAND']));
    assert.deepEqual(told.splice(0), [{ folder, names: ['ENV'] }]);
    for (let time = 1; time <= 2; time++) {
      stale.fire();
      await settled();
    }
    assert.deepEqual(told, [{ folder, names: ['ENV', 'SET_BY_COMMAND'] }]);
  });

  it('are the latest, whichever answer comes last; a fault is logged', async () => {
    const { told, faults, become } = start();
    const slow = Promise.withResolvers<readonly string[]>();
    await become(new ListingDaemon(slow.promise));
    await become(new ListingDaemon(['NEW']));
    slow.resolve(['OLD']);
    await settled();
    assert.deepEqual(told, [{ folder, names: ['NEW'] }]);
    await become(new ListingDaemon(Promise.reject(new Error('It is gone.'))));
    assert.deepEqual([told.length, faults], [1, ['names of the secrets of shop: It is gone.']]);
  });
});

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
