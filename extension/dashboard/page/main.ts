import * as l10n from '@vscode/l10n';
import { render } from 'lit-html';
import { useLanguage } from '../../wording/language.ts';
import { chartModels, type ChartId, type ChartModel } from '../chart-model.ts';
import { ClockText } from '../chart-text.ts';
import type { MessageToPage, Now, Texts } from '../dashboard-message.ts';
import './chart-element.ts';
import { type Drawn, ExtensionHost, type PageActions, type PageState } from './page-state.ts';
import { pageView } from './page-view.ts';
import { onThemeChange, readTheme } from './theme.ts';

/** The page of the dashboard: it draws what the extension tells, and tells the extension what a person does. */
class Page {
  readonly #host = new ExtensionHost();
  readonly #root: HTMLElement;
  #language = 'en';
  #state: Omit<PageState, 'now'> & { readonly now?: PageState['now'] } = { theme: readTheme(), asTable: new Set() };
  #isDue = false;

  constructor(root: HTMLElement) {
    this.#root = root;
  }

  start(): void {
    onThemeChange(() => this.#become({ theme: readTheme() }));
    this.#host.listen((message) => this.#receive(message));
  }

  readonly #actions: PageActions = {
    choose: (choice) => this.#host.choose(choice),
    act: (act, target) => this.#host.act(act, target),
    point: (index) => {
      const { cursor: _before, ...rest } = this.#state;
      this.#state = index === undefined ? rest : { ...rest, cursor: index };
      this.#drawSoon();
    },
    toggleTable: (id) => this.#become({ asTable: toggled(this.#state.asTable, id) }),
  };

  #receive(message: MessageToPage): void {
    switch (message.kind) {
      case 'texts':
        this.#speak(message.texts);
        break;
      case 'now':
        this.#host.keep(message.now.choice);
        this.#become({ now: message.now, ...(this.#state.drawn === undefined ? {} : { drawn: { ...this.#state.drawn, charts: chartsOf(this.#state.drawn, message.now) } }) });
        break;
      case 'series':
        this.#become({ drawn: this.#drawnOf(message) });
        break;
    }
  }

  #speak({ language, bundle }: Texts): void {
    this.#language = language;
    useLanguage(language);
    if (bundle !== undefined) l10n.config({ contents: { ...bundle } });
  }

  #drawnOf({ choice, grid }: Extract<MessageToPage, { kind: 'series' }>): Drawn {
    const steps = grid.queues[0]?.pending.length ?? 0;
    const before = this.#state.drawn;
    return {
      choice,
      grid,
      charts: chartsOf({ choice, grid }, this.#state.now),
      times: Array.from({ length: steps }, (_, index) => (grid.fromMs + index * grid.stepMs) / 1000),
      clock: before?.choice.range === choice.range ? before.clock : new ClockText(this.#language, choice.range),
    };
  }

  #become(change: Partial<PageState>): void {
    this.#state = { ...this.#state, ...change };
    this.#drawSoon();
  }

  /** A mouse moves more often than a screen is drawn. */
  #drawSoon(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    requestAnimationFrame(() => {
      this.#isDue = false;
      const { now, ...rest } = this.#state;
      if (now !== undefined) render(pageView({ ...rest, now }, this.#actions), this.#root);
    });
  }
}

function chartsOf({ choice, grid }: Pick<Drawn, 'choice' | 'grid'>, now: Now | undefined): readonly ChartModel[] {
  return chartModels(grid, now?.queues ?? [], choice.queue !== undefined);
}

function toggled(ids: ReadonlySet<ChartId>, id: ChartId): ReadonlySet<ChartId> {
  const next = new Set(ids);
  if (!next.delete(id)) next.add(id);
  return next;
}

const root = document.getElementById('dashboard');
if (root !== null) new Page(root).start();
