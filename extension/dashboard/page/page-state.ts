import type { ChartId, ChartModel } from '../chart-model.ts';
import type { Choice } from '../choice.ts';
import type { ClockText } from '../chart-text.ts';
import { type Act, type MessageFromPage, type MessageToPage, type Now, readMessageToPage } from '../dashboard-message.ts';
import type { SeriesGrid } from '../series-grid.ts';
import type { Theme } from './theme.ts';

/** Everything that the page is drawn from. */
export interface PageState {
  readonly now: Now;
  /** What is drawn; missing until the first series have come. */
  readonly drawn?: Drawn;
  readonly theme: Theme;
  /** Step that is read out in all pictures; missing where nobody points at one. */
  readonly cursor?: number;
  /** Pictures that are shown as tables. */
  readonly asTable: ReadonlySet<ChartId>;
}

export interface Drawn {
  readonly choice: Choice;
  readonly grid: SeriesGrid;
  readonly charts: readonly ChartModel[];
  /** When each step begins, in seconds since the epoch. */
  readonly times: readonly number[];
  readonly clock: ClockText;
}

/** What a person does with the page. */
export interface PageActions {
  readonly choose: (choice: Choice) => void;
  readonly act: (act: Act, target?: { readonly queue?: string; readonly group?: string }) => void;
  readonly point: (index: number | undefined) => void;
  readonly toggleTable: (id: ChartId) => void;
}

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
