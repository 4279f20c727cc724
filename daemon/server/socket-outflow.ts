import type { WebSocket } from 'ws';
import type { ServerLimits } from './limits.ts';

/**
 * What goes out to one client. While more than `slowBytes` wait for it to read, its own requests are left unread in the
 * kernel's buffer, so that a client that only asks can't fill the daemon's memory; a client for which more than
 * `bufferedBytes` wait is cut off.
 */
export class SocketOutflow {
  readonly #socket: WebSocket;
  readonly #limits: Pick<ServerLimits, 'slowBytes' | 'bufferedBytes'>;
  readonly #onDrained: () => void;
  readonly #onOverflow: () => void;
  #isSlow = false;

  constructor(socket: WebSocket, limits: Pick<ServerLimits, 'slowBytes' | 'bufferedBytes'>, events: { readonly drained: () => void; readonly overflow: () => void }) {
    this.#socket = socket;
    this.#limits = limits;
    this.#onDrained = events.drained;
    this.#onOverflow = events.overflow;
  }

  /** It reads more slowly than it is written to. `drained` tells when that is over. */
  get isSlow(): boolean {
    return this.#isSlow;
  }

  /** `sent` is called when the text has left this process, or when the connection is lost; always later, never within. */
  send(text: string, sent?: () => void): void {
    if (this.#socket.readyState !== this.#socket.OPEN || this.#socket.bufferedAmount > this.#limits.bufferedBytes) {
      if (this.#socket.readyState === this.#socket.OPEN) this.#onOverflow();
      if (sent !== undefined) queueMicrotask(sent);
      return;
    }
    this.#socket.send(text, () => {
      sent?.();
      this.#flow();
    });
    this.#flow();
  }

  #flow(): void {
    const isSlow = this.#socket.bufferedAmount > this.#limits.slowBytes;
    if (isSlow === this.#isSlow) return;
    this.#isSlow = isSlow;
    if (isSlow) {
      this.#socket.pause();
    } else {
      this.#socket.resume();
      this.#onDrained();
    }
  }
}
