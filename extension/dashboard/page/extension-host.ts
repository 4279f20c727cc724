import type { Choice } from '../choice.ts';
import { readMessageToPage, type Act, type MessageFromPage, type MessageToPage } from '../dashboard-message.ts';

interface VsCodeApi {
  postMessage(message: MessageFromPage): void;
  setState(state: Choice): void;
}

declare const acquireVsCodeApi: () => VsCodeApi;

/** The other side of the page: the extension, which has the daemon. */
export class ExtensionHost {
  /** VS Code hands it out once. */
  readonly #api = acquireVsCodeApi();

  listen(onMessage: (message: MessageToPage) => void): void {
    window.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
      const message = readMessageToPage(data);
      if (message !== undefined) onMessage(message);
    });
    this.#api.postMessage({ kind: 'ready' });
  }

  choose(choice: Choice): void {
    this.#api.postMessage({ kind: 'choose', choice });
  }

  act(act: Act, target: { readonly queue?: string; readonly group?: string } = {}): void {
    this.#api.postMessage({ kind: 'act', act, ...target });
  }

  /** VS Code brings the panel back with this after a reload of the window. */
  keep(choice: Choice): void {
    this.#api.setState(choice);
  }
}
