import { HttpSink, type SinkReply, type SinkRequest } from '../../../support/http-sink.ts';

/**
 * What the workflows of the tests call: it refuses orders in `EURO`, and takes everything else. `hold` makes it keep callers waiting,
 * `nextRetryAfter` makes it refuse one. */
export class Erp {
  url = '';
  readonly #sink = new HttpSink({ respond: (request) => this.#answer(request) });
  #held: PromiseWithResolvers<undefined> | undefined;
  /** The next call is answered 429, with this many seconds. */
  nextRetryAfter: number | undefined;

  async start(): Promise<void> {
    ({ url: this.url } = await this.#sink.start());
  }

  async stop(): Promise<void> {
    this.release();
    await this.#sink.stop();
  }

  /** No call is answered until `release`. */
  hold(): void {
    this.#held ??= Promise.withResolvers();
  }

  release(): void {
    this.#held?.resolve(undefined);
    this.#held = undefined;
  }

  get requests(): readonly SinkRequest[] {
    return this.#sink.requests;
  }

  async #answer({ body = '' }: SinkRequest): Promise<SinkReply> {
    await this.#held?.promise;
    const seconds = this.nextRetryAfter;
    this.nextRetryAfter = undefined;
    if (seconds !== undefined) return { status: 429, headers: { 'retry-after': String(seconds) } };
    const headers = { 'content-type': 'application/json' };
    return body.includes('"EURO"')
      ? { status: 422, headers, body: '{"message":"There is no currency EURO."}' }
      : { status: 201, headers, body: '{"number":"INV-1"}' };
  }
}
