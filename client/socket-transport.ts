import { AbstractMessageReader, AbstractMessageWriter, type DataCallback, type Disposable, type Message } from 'vscode-jsonrpc/node';
import type { RawData, WebSocket } from 'ws';

/** JSON-RPC over a WebSocket: one message, one text frame. */

export class SocketReader extends AbstractMessageReader {
  readonly #socket: WebSocket;

  constructor(socket: WebSocket) {
    super();
    this.#socket = socket;
  }

  listen(callback: DataCallback): Disposable {
    const receive = (data: RawData): void => {
      try {
        callback(JSON.parse(textOf(data)) as Message);
      } catch (error) {
        this.fireError(error);
      }
    };
    this.#socket.on('message', receive);
    this.#socket.once('close', () => this.fireClose());
    return { dispose: () => this.#socket.off('message', receive) };
  }
}

export class SocketWriter extends AbstractMessageWriter {
  readonly #socket: WebSocket;

  constructor(socket: WebSocket) {
    super();
    this.#socket = socket;
  }

  write(message: Message): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.send(JSON.stringify(message), (error) => {
        if (error instanceof Error) reject(error);
        else resolve();
      });
    });
  }

  end(): void {
    // The client that opened the socket closes it.
  }
}

function textOf(data: RawData): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString('utf8');
  return data instanceof ArrayBuffer ? Buffer.from(data).toString('utf8') : data.toString('utf8');
}
