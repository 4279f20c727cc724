import { html, svg, type SVGTemplateResult, type TemplateResult } from 'lit-html';

/** Shapes that say by themselves what their colour says too; the words beside them are read aloud, these are not. */
const shapes = {
  warning: svg`<path d="M8 2 15 14H1Z M8 6.5v3.5 M8 12v.01"/>`,
  error: svg`<circle cx="8" cy="8" r="6.5"/><path d="m5.5 5.5 5 5 m0-5-5 5"/>`,
  live: svg`<circle cx="8" cy="8" r="2.5" class="solid"/><path d="M4 4a5.7 5.7 0 0 0 0 8 M12 4a5.7 5.7 0 0 1 0 8"/>`,
  waiting: svg`<circle cx="8" cy="8" r="6.5"/><path d="M8 4.5V8l2.5 1.5"/>`,
  stopped: svg`<circle cx="8" cy="8" r="6.5"/><path d="M3.5 12.5 12.5 3.5"/>`,
  paused: svg`<path d="M5.5 3.5v9 M10.5 3.5v9"/>`,
} satisfies Readonly<Record<string, SVGTemplateResult>>;
export type IconName = keyof typeof shapes;

export function icon(name: IconName): TemplateResult {
  return html`<svg class="icon icon-${name}" viewBox="0 0 16 16" aria-hidden="true">${shapes[name]}</svg>`;
}
