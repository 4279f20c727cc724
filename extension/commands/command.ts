import type { App } from './app.ts';

/** One entry of the palette or a menu. Without an argument it asks what is meant. */
export interface Command {
  /** It starts or changes something, which Restricted Mode doesn't allow. */
  readonly acts: boolean;
  /** `argument`: a row of a view, a target, or nothing; `selected`: all rows that are selected. What it answers with is for tests and other extensions. */
  readonly run: (app: App, argument?: unknown, selected?: unknown) => Promise<unknown>;
}
