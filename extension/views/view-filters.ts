import type { ViewId } from '../base/ids.ts';
import { Signal } from '../base/signal.ts';

/** What each view is narrowed to, as words; they are forgotten with the window, so that nobody wonders next week where a queue has gone. */
export class ViewFilters {
  readonly #words = new Map<ViewId, string>();
  readonly #changed = new Signal<ViewId>();

  get onDidChange(): Signal<ViewId>['listen'] {
    return this.#changed.listen;
  }

  /** Empty if the view shows everything. */
  get(view: ViewId): string {
    return this.#words.get(view) ?? '';
  }

  set(view: ViewId, words: string): void {
    const text = words.trim().replace(/\s+/g, ' ');
    if (text === this.get(view)) return;
    this.#words.set(view, text);
    this.#changed.fire(view);
  }
}

/** Whether each of the words is somewhere in the text, in any order and any case. */
export function hasWords(text: string, words: string): boolean {
  const lower = text.toLowerCase();
  return words.toLowerCase().split(' ').every((word) => lower.includes(word));
}
