const mebibyte = 1024 * 1024;

/** What incoming requests may take. Times are in milliseconds, sizes in bytes. */
export interface WebhookLimits {
  /** TCP connections at a time; one more is closed immediately. */
  readonly connections: number;
  /** Requests at a time that are read or worked on; one more is answered with 503. */
  readonly requests: number;
  /** Of those, how many are worked on at a time, once their bodies are there. */
  readonly concurrency: number;
  /** From the connection until the last header. */
  readonly headersMs: number;
  /** From the connection until the end of the body: a slower one gets 408. */
  readonly requestMs: number;
  /** Of one body, as it is sent, and again once its content coding is undone. */
  readonly bodyBytes: number;
  /** Of all bodies in memory. */
  readonly allBodiesBytes: number;
  /** Of all headers of a request. */
  readonly headerBytes: number;
  /** How long a stop waits for requests under way. */
  readonly stopGraceMs: number;
  /** Between two tries to listen. */
  readonly retryMs: number;
}

export const defaultWebhookLimits: WebhookLimits = {
  connections: 2_000,
  requests: 1_000,
  concurrency: 64,
  headersMs: 5_000,
  requestMs: 15_000,
  bodyBytes: 5 * mebibyte,
  allBodiesBytes: 64 * mebibyte,
  headerBytes: 16 * 1024,
  stopGraceMs: 2_000,
  retryMs: 5_000,
};
