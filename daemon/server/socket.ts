import { AbstractMessageReader, AbstractMessageWriter, type DataCallback, type Disposable, type Message, type MessageReader, type MessageWriter } from 'vscode-jsonrpc/node';
import type { WebSocket } from 'ws';
import type { ServerLimits } from './limits.ts';

/** What vscode-jsonrpc reads from: the owner of the socket hands on the messages that it has screened. */
export class HandedReader extends AbstractMessageReader implements MessageReader {
  #callback: DataCallback | undefined;

  listen(callback: DataCallback): Disposable {
    this.#callback = callback;
    return { dispose: () => (this.#callback = undefined) };
  }

  hand(message: Message): void {
    this.#callback?.(message);
  }

  close(): void {
    this.#callback = undefined;
    this.fireClose();
  }
}

/** What vscode-jsonrpc writes to. `send` deals with all that can go wrong, so a write never fails. */
export class HandingWriter extends AbstractMessageWriter implements MessageWriter {
  readonly #send: (message: Message) => void;

  constructor(send: (message: Message) => void) {
    super();
    this.#send = send;
  }

  async write(message: Message): Promise<void> {
    this.#send(message);
  }

  end(): void {
    // The owner of the socket closes it.
  }
}

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
