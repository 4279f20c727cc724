import { readOut } from '../chart-text.ts';
import { LineChart, type LineChartInput } from './line-chart.ts';

export interface ChartElementInput extends LineChartInput {
  readonly label: string;
  readonly cursor: number | undefined;
  readonly onPoint: (index: number | undefined) => void;
}

/**
 * A picture of lines that can be read by keyboard as well: it is a slider over the steps, whose value is what the lines show there.
 * Arrows continue by one step, page keys by ten, Home and End to the ends, Escape leaves.
 */
export class ChartElement extends HTMLElement {
  #input: ChartElementInput | undefined;
  #chart: LineChart | undefined;
  /** Changes when the picture has to be made again, and not only filled. */
  #look = '';
  #theme: LineChartInput['theme'] | undefined;
  readonly #resizing = new ResizeObserver(() => this.#chart?.resize(this.clientWidth));

  connectedCallback(): void {
    this.setAttribute('role', 'slider');
    this.setAttribute('aria-orientation', 'horizontal');
    this.tabIndex = 0;
    this.#resizing.observe(this);
    this.addEventListener('keydown', this.#onKey);
    this.addEventListener('focus', this.#onFocus);
    this.addEventListener('blur', this.#onBlur);
    this.addEventListener('mouseleave', this.#onBlur);
    this.#draw();
  }

  disconnectedCallback(): void {
    this.#resizing.disconnect();
    this.#chart?.destroy();
    this.#chart = undefined;
    this.#look = '';
  }

  set input(input: ChartElementInput) {
    this.#input = input;
    if (this.isConnected) this.#draw();
  }

  #draw(): void {
    const input = this.#input;
    if (input === undefined) return;
    const { model, times, theme, clock, cursor, label } = input;
    const look = JSON.stringify([model.id, model.stacked, model.thresholds, model.lines.map((line) => [line.label, line.color, line.dash])]);
    if (this.#chart === undefined || look !== this.#look || theme !== this.#theme || this.#drawnClock !== clock) {
      this.#chart?.destroy();
      this.#chart = new LineChart(this, input, (index) => this.#input?.onPoint(index));
      this.#look = look;
      this.#theme = theme;
      this.#drawnClock = clock;
      this.#drawnTimes = times;
    } else if (times !== this.#drawnTimes) {
      this.#chart.setData(input);
      this.#drawnTimes = times;
    }
    if (cursor !== this.#drawnCursor) {
      this.#drawnCursor = cursor;
      this.#chart.point(cursor);
    }
    const last = Math.max(0, times.length - 1);
    const shown = Math.min(cursor ?? last, last);
    this.setAttribute('aria-label', label);
    this.setAttribute('aria-valuemin', '0');
    this.setAttribute('aria-valuemax', String(last));
    this.setAttribute('aria-valuenow', String(shown));
    this.setAttribute('aria-valuetext', readOut(model, shown, clock.moment((times[shown] ?? 0) * 1000)));
  }
  #drawnTimes: readonly number[] | undefined;
  #drawnClock: LineChartInput['clock'] | undefined;
  #drawnCursor: number | undefined;

  readonly #onKey = (event: KeyboardEvent): void => {
    const input = this.#input;
    if (input === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    const last = input.times.length - 1;
    const at = input.cursor ?? last;
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, ArrowDown: at - 1, ArrowUp: at + 1, PageUp: at + 10, PageDown: at - 10, Home: 0, End: last }[event.key];
    if (event.key === 'Escape') input.onPoint(undefined);
    else if (to !== undefined) input.onPoint(Math.max(0, Math.min(last, to)));
    else return;
    event.preventDefault();
  };

  readonly #onFocus = (): void => {
    const input = this.#input;
    // A click brings a place of its own.
    if (input !== undefined && this.matches(':focus-visible') && input.times.length > 0) input.onPoint(input.cursor ?? input.times.length - 1);
  };

  readonly #onBlur = (): void => this.#input?.onPoint(undefined);
}

customElements.define('sluice-chart', ChartElement);
