import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { Countdown } from './countdown.ts';
import { freePort } from './free-port.ts';

export type Side = 'client' | 'server';

/** What happens to bytes on their way. */
type Passing =
  | { readonly kind: 'pass' }
  /** They wait: the network is away. */
  | { readonly kind: 'stall' }
  /** They are lost, and nobody is told: the other machine is gone. */
  | { readonly kind: 'swallow' }
  | { readonly kind: 'slow'; readonly delayMs: number }
  /** After so many bytes of that side the connection is reset. */
  | { readonly kind: 'cut-after'; readonly from: Side };

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
  /** Bytes of it were lost: what would follow means nothing to the other side. */
  isBroken: boolean;
  /** Whatever is sent by it is lost, whatever happens to others. */
  isOrphaned: boolean;
}

/** A TCP proxy on loopback in front of a server, which does to connections what networks and machines do to them. */
export class TcpFaultProxy {
  readonly #port: number;
  #targetPort: number;
  #listener: Server | undefined;
  #passing: Passing = { kind: 'pass' };
  #countdown = 0;
  readonly #pairs = new Set<Pair>();
  /** What is passed on later, the first first. */
  readonly #delayed: { readonly timer: NodeJS.Timeout; readonly act: () => void }[] = [];
  readonly #swallowed = new Countdown();
  #accepted = 0;

  /** In front of a port of 127.0.0.1. */
  static async start(targetPort: number): Promise<TcpFaultProxy> {
    const proxy = new TcpFaultProxy(await freePort(), targetPort);
    await proxy.#listen();
    return proxy;
  }

  private constructor(port: number, targetPort: number) {
    this.#port = port;
    this.#targetPort = targetPort;
  }

  get port(): number {
    return this.#port;
  }

  /** Connections taken so far. */
  get accepted(): number {
    return this.#accepted;
  }

  /** Connections that are open. */
  get open(): number {
    return this.#pairs.size;
  }

  /** New connections lead there. */
  retarget(port: number): void {
    this.#targetPort = port;
  }

  /** All works again: what waited is passed on, and connections of which something was lost are reset. */
  async heal(): Promise<void> {
    this.#change({ kind: 'pass' });
    for (const pair of this.#pairs) {
      if (pair.isBroken) reset(pair);
      else for (const socket of [pair.client, pair.server]) socket.resume();
    }
    await this.#listen();
  }

  /** Resets what is open. New connections are taken as before. */
  cut(): void {
    for (const pair of this.#pairs) reset(pair);
  }

  /** Takes no connection, and resets what is open: nobody listens there. */
  async refuse(): Promise<void> {
    this.cut();
    const listener = this.#listener;
    if (listener === undefined) return;
    this.#listener = undefined;
    const closed = once(listener, 'close');
    listener.close();
    await closed;
  }

  /** Half-open: connections stay, and are taken, and whatever is sent is lost. */
  swallow(): void {
    this.#change({ kind: 'swallow' });
  }

  /** What is open is half-open from now on, and stays so; new connections work: the other machine has died, and another one has its address. */
  orphan(): void {
    for (const pair of this.#pairs) pair.isOrphaned = true;
  }

  /** Resolves as soon as it has swallowed that many pieces. */
  swallowed(count: number): Promise<void> {
    return this.#swallowed.reached(count);
  }

  /** Nothing arrives until `heal`, and then everything. */
  stall(): void {
    this.#change({ kind: 'stall' });
    for (const { client, server } of this.#pairs) for (const socket of [client, server]) socket.pause();
  }

  /** Everything takes longer by that, each way. */
  slow(delayMs: number): void {
    this.#change({ kind: 'slow', delayMs });
  }

  /**
   * Passes on that many bytes more that come from that side, all connections together, and resets the connection then; those that follow work. After 0 bytes of the server, what the client asked
   * for is done, and its answer lost; after a few, it is lost in the middle of a message.
   */
  cutAfter(from: Side, bytes: number): void {
    this.#change({ kind: 'cut-after', from });
    this.#countdown = bytes;
  }

  async stop(): Promise<void> {
    await this.refuse();
    for (const { timer } of this.#delayed) clearTimeout(timer);
  }

  async #listen(): Promise<void> {
    if (this.#listener !== undefined) return;
    const listener = createServer({ allowHalfOpen: true }, (client) => this.#take(client));
    listener.listen(this.#port, '127.0.0.1');
    await once(listener, 'listening');
    this.#listener = listener;
  }

  #take(client: Socket): void {
    this.#accepted++;
    const server = connect({ port: this.#targetPort, host: '127.0.0.1', allowHalfOpen: true });
    const pair: Pair = { client, server, isBroken: false, isOrphaned: false };
    this.#pairs.add(pair);
    for (const [from, to, side] of [
      [client, server, 'client'],
      [server, client, 'server'],
    ] as const) {
      from.on('data', (chunk) => this.#pass(pair, { to, side, chunk }));
      from.once('end', () => this.#finish(pair, () => to.end()));
      from.on('error', () => this.#finish(pair, () => to.resetAndDestroy()));
      from.once('close', () => {
        if (client.destroyed && server.destroyed) this.#pairs.delete(pair);
      });
      if (this.#passing.kind === 'stall') from.pause();
    }
  }

  /** That a side has ended is lost as its bytes are. */
  #finish(pair: Pair, pass: () => void): void {
    const { kind } = this.#passing;
    if (pair.isOrphaned) return;
    if (kind === 'swallow' || kind === 'stall') pair.isBroken = true;
    else this.#later(pass);
  }

  #pass(pair: Pair, { to, side, chunk }: { readonly to: Socket; readonly side: Side; readonly chunk: Buffer }): void {
    const passing: Passing = pair.isOrphaned ? { kind: 'swallow' } : this.#passing;
    switch (passing.kind) {
      case 'swallow':
        pair.isBroken = true;
        this.#swallowed.tick();
        return;
      case 'cut-after': {
        if (side !== passing.from) break;
        const rest = this.#countdown - chunk.length;
        if (rest > 0) {
          this.#countdown = rest;
          break;
        }
        this.#passing = { kind: 'pass' };
        if (this.#countdown > 0) to.write(chunk.subarray(0, this.#countdown), () => reset(pair));
        else reset(pair);
        return;
      }
      case 'slow':
      case 'stall':
      case 'pass':
        break;
    }
    this.#later(() => to.write(chunk));
  }

  #later(act: () => void): void {
    if (this.#passing.kind !== 'slow') {
      act();
      return;
    }
    const timer = setTimeout(() => {
      this.#delayed.shift();
      act();
    }, this.#passing.delayMs);
    this.#delayed.push({ timer, act });
  }

  /** What is on its way arrives before what follows. */
  #change(passing: Passing): void {
    for (const { timer, act } of this.#delayed.splice(0)) {
      clearTimeout(timer);
      act();
    }
    this.#passing = passing;
  }
}

function reset({ client, server }: Pair): void {
  for (const socket of [client, server]) socket.resetAndDestroy();
}
