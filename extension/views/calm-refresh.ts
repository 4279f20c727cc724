import type { Disposable } from '../base/signal.ts';

/** Figures of a row are drawn again no sooner than this after the last time, in milliseconds: each drawing closes a tooltip. */
const figuresMs = 5_000;
/** Rows that came, went or changed their state, where many do. */
const rowsMs = 1_000;
/** For so long after a tooltip was opened nothing but a change of state is drawn. */
const readingMs = 10_000;

export type Refreshed = ReadonlySet<string> | 'all';

export interface CalmRefreshOptions {
  readonly draw: (what: Refreshed) => void;
  /** Milliseconds of a clock that never goes back. */
  readonly now?: () => number;
  /** Calls back once, after that time. */
  readonly later?: (callback: () => void, ms: number) => Disposable;
}

/** Draws rows seldom enough that a person can read them, and soon enough that what they do is seen. */
export class CalmRefresh implements Disposable {
  readonly #options: CalmRefreshOptions;
  #figures = new Set<string>();
  #isAllDue = false;
  #timer: { readonly at: number; readonly end: Disposable } | undefined;
  #drawnAt = -Infinity;
  #readUntil = -Infinity;

  constructor(options: CalmRefreshOptions) {
    this.#options = options;
  }

  /** A row reads differently. `isState`: not only its figures. */
  row(id: string, isState: boolean): void {
    if (isState) {
      this.#figures.delete(id);
      this.#options.draw(new Set([id]));
      return;
    }
    this.#figures.add(id);
    this.#arm(figuresMs);
  }

  /** Rows came or went. */
  all(): void {
    this.#isAllDue = true;
    this.#arm(rowsMs);
  }

  /** A person reads a tooltip. */
  reading(): void {
    this.#readUntil = this.#now + readingMs;
  }

  dispose(): void {
    this.#timer?.end.dispose();
    this.#timer = undefined;
  }

  get #now(): number {
    return (this.#options.now ?? monotonicNow)();
  }

  #arm(ms: number): void {
    const now = this.#now;
    const at = Math.max(this.#drawnAt + ms, this.#readUntil, now);
    if (this.#timer !== undefined && this.#timer.at <= at) return;
    this.#timer?.end.dispose();
    this.#timer = { at, end: (this.#options.later ?? afterMs)(() => this.#draw(), at - now) };
  }

  #draw(): void {
    this.#timer = undefined;
    if (this.#now < this.#readUntil) {
      this.#arm(0);
      return;
    }
    this.#drawnAt = this.#now;
    const what = this.#isAllDue ? 'all' : this.#figures;
    this.#isAllDue = false;
    this.#figures = new Set();
    this.#options.draw(what);
  }
}

function monotonicNow(): number {
  return performance.now();
}

function afterMs(callback: () => void, ms: number): Disposable {
  const timer = setTimeout(callback, ms);
  return { dispose: () => clearTimeout(timer) };
}
