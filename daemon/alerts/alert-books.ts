import type { AlertFacts } from '../../schemas/protocol/alert.ts';
import { emptyBook, type ReceiverBook } from '../core/alert-notice.ts';
import type { Store } from '../store/store.ts';

/** A queue of which nothing is told. Times are wall time. */
export interface Mute {
  readonly queue: string;
  readonly since: number;
  /** Undefined: until it is lifted. */
  readonly until?: number;
}

/** The name of the book of mutes; those of receivers are hashes. */
const mutesName = 'mutes';

interface Kept<Content> {
  readonly version: number;
  readonly content: Content;
}

/** Somebody else has written a book since it was read: what was decided by it doesn't hold. */
export class StaleBookError extends Error {
  override readonly name = 'StaleBookError';
}

/** The books of receivers, and the mutes, as the store has them; what is written is checked against what was read. */
export class AlertBooks {
  readonly #store: Pick<Store, 'listAlertBooks' | 'keepAlertBook'>;
  #receivers = new Map<string, Kept<ReceiverBook<AlertFacts>>>();
  #mutes: Kept<readonly Mute[]> = { version: 0, content: [] };

  constructor(store: Pick<Store, 'listAlertBooks' | 'keepAlertBook'>) {
    this.#store = store;
  }

  /** Reads them again. */
  async read(): Promise<void> {
    const receivers = new Map<string, Kept<ReceiverBook<AlertFacts>>>();
    let mutes: Kept<readonly Mute[]> = { version: 0, content: [] };
    for (const { name, version, content } of await this.#store.listAlertBooks()) {
      // What this daemon, or one like it, has written.
      if (name === mutesName) mutes = { version, content: JSON.parse(content) as readonly Mute[] };
      else receivers.set(name, { version, content: JSON.parse(content) as ReceiverBook<AlertFacts> });
    }
    this.#receivers = receivers;
    this.#mutes = mutes;
  }

  get names(): readonly string[] {
    return [...this.#receivers.keys()];
  }

  of(receiver: string): ReceiverBook<AlertFacts> {
    return this.#receivers.get(receiver)?.content ?? emptyBook;
  }

  /** Those that hold at a time. */
  mutes(now: number): readonly Mute[] {
    return this.#mutes.content.filter(({ until }) => until === undefined || until > now);
  }

  /** @throws StaleBookError */
  async keep(receiver: string, book: ReceiverBook<AlertFacts> | undefined): Promise<void> {
    const version = this.#receivers.get(receiver)?.version ?? 0;
    await this.#write(receiver, version, book);
    if (book === undefined) this.#receivers.delete(receiver);
    else this.#receivers.set(receiver, { version: version + 1, content: book });
  }

  /** @throws StaleBookError */
  async keepMutes(mutes: readonly Mute[]): Promise<void> {
    const { version } = this.#mutes;
    await this.#write(mutesName, version, mutes);
    this.#mutes = { version: version + 1, content: mutes };
  }

  async #write(name: string, version: number, content: object | undefined): Promise<void> {
    const { kept } = await this.#store.keepAlertBook({ name, version, ...(content === undefined ? {} : { content: JSON.stringify(content) }) });
    if (!kept) throw new StaleBookError(`the book ${name} was written by another daemon`);
  }
}
