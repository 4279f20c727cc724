import type { SecretSource } from '../secrets/secret-source.ts';
import type { Handlers } from '../server/method-caller.ts';

/** Secrets by their names: values come in, and none ever goes out. */
export class SecretService implements Pick<Handlers, 'secret/list' | 'secret/set' | 'secret/delete'> {
  readonly #secrets: SecretSource;

  constructor(secrets: SecretSource) {
    this.#secrets = secrets;
  }

  'secret/list': Handlers['secret/list'] = async () => {
    const problem = this.#secrets.problem();
    return { secrets: this.#secrets.list().map((secret) => ({ ...secret })), ...(problem === undefined ? {} : { problem }) };
  };

  'secret/set': Handlers['secret/set'] = async ({ name, value, persist }) => {
    if (persist) this.#secrets.keep(name, value);
    else this.#secrets.hold(name, value);
    return { name, from: this.#secrets.placeOf(name) ?? 'memory' };
  };

  'secret/delete': Handlers['secret/delete'] = async ({ name }) => {
    this.#secrets.delete(name);
    return {};
  };
}
