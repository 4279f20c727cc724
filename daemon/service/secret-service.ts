import type { SecretSource } from '../secrets/secret-source.ts';
import type { Handlers } from '../server/method-caller.ts';

/** Secrets by their names: values come in, and none ever goes out. */
export class SecretService implements Pick<Handlers, 'secret/list' | 'secret/set' | 'secret/delete'> {
  readonly #secrets: SecretSource;

  readonly #onChange: () => void;

  /** `onChange`: a value has come or gone. */
  constructor({ secrets, onChange }: { readonly secrets: SecretSource; readonly onChange: () => void }) {
    this.#secrets = secrets;
    this.#onChange = onChange;
  }

  'secret/list': Handlers['secret/list'] = async () => {
    const problem = this.#secrets.problem();
    return { secrets: this.#secrets.list().map((secret) => ({ ...secret })), ...(problem === undefined ? {} : { problem }) };
  };

  'secret/set': Handlers['secret/set'] = async ({ name, value, persist }) => {
    if (persist) this.#secrets.keep(name, value);
    else this.#secrets.hold(name, value);
    this.#onChange();
    return { name, from: this.#secrets.placeOf(name) ?? 'memory' };
  };

  'secret/delete': Handlers['secret/delete'] = async ({ name }) => {
    this.#secrets.delete(name);
    this.#onChange();
    return {};
  };
}
