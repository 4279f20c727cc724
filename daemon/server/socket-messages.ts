import {
  AbstractMessageReader,
  AbstractMessageWriter,
  type DataCallback,
  type Disposable,
  type Message,
  type MessageReader,
  type MessageWriter,
} from 'vscode-jsonrpc/node';

/** What vscode-jsonrpc reads from: whoever owns the socket hands on the messages that it has screened. */
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
    // Whoever owns the socket closes it.
  }
}
