import { maxRequestBytes, pingEveryMs } from '../../schemas/protocol/discovery.ts';

/** What one client, or all of them together, may take. Times are in milliseconds, sizes in bytes. */
export interface ServerLimits {
  /** TCP connections at a time, no matter who opens them; one more is closed immediately. */
  readonly connections: number;
  /** WebSocket connections at a time; one more is answered with 503. */
  readonly clients: number;
  /** From the connection until the last header; a slower one gets 408. */
  readonly headersMs: number;
  /** From the connection until the end of the request. */
  readonly requestMs: number;
  /** How long `/healthz` waits for its answer before it says 503. */
  readonly healthMs: number;
  /** One message to the daemon; a larger one ends the connection with 1009. */
  readonly messageBytes: number;
  /** Frames of one message. Each costs far more than its bytes. */
  readonly fragments: number;
  /** Levels of arrays and objects in a message. */
  readonly nesting: number;
  /** Requests of one client that are not answered yet; one more is refused with `too-many`. */
  readonly requestsInFlight: number;
  /** Subscriptions of one client; one more is refused with `too-many`. */
  readonly subscriptions: number;
  /** From here on a client gets no notifications, and the daemon doesn't read what it sends, until it has read. */
  readonly slowBytes: number;
  /** More than this waiting for a client to read it ends the connection. One answer may be larger. */
  readonly bufferedBytes: number;
  /** Each client is pinged this often, and dropped if it hasn't answered by the next ping. */
  readonly pingEveryMs: number;
  /** At least this long between two notifications of one subscription. */
  readonly changeEveryMs: number;
  /** Queues and the status hold figures that move with time alone, and are looked at this often while someone watches. */
  readonly refreshEveryMs: number;
  /** How long a stop waits for requests under way, and then again for clients to close. */
  readonly stopGraceMs: number;
}

const mebibyte = 1024 * 1024;

export const defaultLimits: ServerLimits = {
  connections: 256,
  clients: 64,
  headersMs: 5_000,
  requestMs: 10_000,
  healthMs: 2_000,
  messageBytes: maxRequestBytes,
  fragments: 1_024,
  nesting: 100,
  requestsInFlight: 64,
  subscriptions: 32,
  slowBytes: mebibyte,
  bufferedBytes: 32 * mebibyte,
  pingEveryMs,
  // A window of the editor follows three topics: five messages a second.
  changeEveryMs: 600,
  refreshEveryMs: 5_000,
  stopGraceMs: 2_000,
};
