/** Where drafts outlive the window; VS Code's `Memento` has these methods. */
export interface DraftStore {
  get<T>(key: string): T | undefined;
  update(key: string, value: unknown): Thenable<void>;
}

const storeKey = 'drafts';
/** Beyond these, the drafts saved longest ago are forgotten: VS Code keeps all of it in memory. */
const maxDrafts = 50;
const maxChars = 1024 * 1024;

interface Draft {
  readonly text: string;
  readonly savedAtMs: number;
}

/** Edited payloads of dead letters that were saved, but not replayed yet: by the URI of their document. */
export class Drafts {
  readonly #store: DraftStore;
  readonly #now: () => number;
  readonly #drafts: Map<string, Draft>;

  constructor(store: DraftStore, now: () => number = Date.now) {
    this.#store = store;
    this.#now = now;
    this.#drafts = new Map(store.get<[string, Draft][]>(storeKey) ?? []);
  }

  get(uri: string): Draft | undefined {
    return this.#drafts.get(uri);
  }

  /** @throws Error where the text is too long to be a payload */
  async set(uri: string, text: string): Promise<void> {
    if (text.length > maxChars) throw new Error(`A payload can have ${maxChars} characters; this one has ${text.length}.`);
    this.#drafts.delete(uri);
    this.#drafts.set(uri, { text, savedAtMs: this.#now() });
    while (this.#drafts.size > maxDrafts) {
      const [oldest] = this.#drafts.keys();
      if (oldest !== undefined) this.#drafts.delete(oldest);
    }
    await this.#save();
  }

  async delete(uri: string): Promise<void> {
    if (this.#drafts.delete(uri)) await this.#save();
  }

  async #save(): Promise<void> {
    await this.#store.update(storeKey, [...this.#drafts]);
  }
}
