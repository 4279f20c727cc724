import { html, nothing, type TemplateResult } from 'lit-html';
import type { ChartModel } from '../chart-model.ts';
import { formatValue } from '../chart-text.ts';
import type { ChartElementInput } from './chart-element.ts';
import type { Drawn, PageActions, PageState } from './page-state.ts';
import { say } from '../../wording/language.ts';

/** More rows than this help nobody; the newest are first. */
const maxRows = 100;

/** One measure over time: a picture with its legend, or the same as a table. */
export function chartCard(state: PageState, drawn: Drawn, model: ChartModel, actions: PageActions): TemplateResult {
  const isTable = state.asTable.has(model.id);
  const isEmpty = model.lines.every(({ values }) => values.every((value) => value === null));
  return html`
    <section class="card chart" data-testid="chart-${model.id}" aria-labelledby="title-${model.id}">
      <header>
        <h2 id="title-${model.id}">${model.title}</h2>
        <p>${model.subtitle}</p>
        ${isTable ? nothing : moment(state, drawn, model)}
        <button class="quiet" data-testid="as-table-${model.id}" aria-pressed=${isTable ? 'true' : 'false'} @click=${() => actions.toggleTable(model.id)}>
          ${say('Table')}<span class="hidden">: ${model.title}</span>
        </button>
      </header>
      ${isTable ? tableOf(drawn, model) : html`${legend(state, drawn, model)} ${picture(state, drawn, model, actions, isEmpty)}`}
    </section>
  `;
}

function picture(state: PageState, drawn: Drawn, model: ChartModel, actions: PageActions, isEmpty: boolean): TemplateResult {
  const input: ChartElementInput = {
    model,
    times: drawn.times,
    theme: state.theme,
    clock: drawn.clock,
    label: say('{title}: a point in time', { title: model.title }),
    cursor: state.cursor,
    onPoint: actions.point,
  };
  return html`
    <div class="picture">
      <sluice-chart .input=${input}></sluice-chart>
      ${isEmpty ? html`<p class="nothing">${say('Nothing is recorded of this time.')}</p>` : nothing}
    </div>
  `;
}

/** Nobody points at a step, and the daemon tells what is now. */
function isLive({ cursor, now }: PageState, { lines }: ChartModel): boolean {
  return cursor === undefined && now.connection === 'connected' && lines.some(({ live }) => live !== undefined);
}

/** When the values in the legend were; it follows the cursor of all pictures. */
function moment(state: PageState, { times, clock }: Drawn, model: ChartModel): TemplateResult | typeof nothing {
  if (isLive(state, model)) return html`<span class="moment" aria-hidden="true">${say('now')}</span>`;
  const { cursor } = state;
  const time = times[Math.min(cursor ?? times.length - 1, times.length - 1)];
  if (time === undefined) return nothing;
  return html`<span class="moment" aria-hidden="true">${cursor === undefined ? say('last: {time}', { time: clock.moment(time * 1000) }) : clock.moment(time * 1000)}</span>`;
}

/** What each line is, with its value where the cursor is; else what it is now, or was last. */
function legend(state: PageState, { times }: Drawn, model: ChartModel): TemplateResult {
  const { cursor } = state;
  const { lines, unit } = model;
  const shown = Math.min(cursor ?? times.length - 1, times.length - 1);
  const isNow = isLive(state, model);
  return html`
    <ul class="legend" aria-hidden="true">
      ${lines.map(
        ({ label, color, dash, values, live }) => html`
          <li>
            <svg class="swatch" stroke=${state.theme.lines[color]} viewBox="0 0 26 8"><line x1="1" x2="25" y1="4" y2="4" stroke-dasharray=${dash.length === 0 ? 'none' : dash.join(' ')} /></svg>
            <span>${label}</span> <b>${formatValue(unit, isNow ? live : values[shown])}</b>
          </li>
        `,
      )}
    </ul>
  `;
}

function tableOf({ times, clock }: Drawn, { title, lines, unit }: ChartModel): TemplateResult {
  const known = times.flatMap((time, index) => (lines.some(({ values }) => (values[index] ?? null) !== null) ? [{ time, index }] : [])).reverse();
  const rows = known.slice(0, maxRows);
  return html`
    <div class="scroll" tabindex="0" role="region" aria-label=${say('{title}, as a table', { title })}>
      <table>
        <caption>${known.length > rows.length ? say('The newest {shown} of {total} steps', { shown: rows.length, total: known.length }) : say('Newest first')}</caption>
        <thead>
          <tr>
            <th scope="col">${say('Time')}</th>
            ${lines.map(({ label }) => html`<th scope="col" class="number">${label}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            ({ time, index }) => html`
              <tr>
                <th scope="row">${clock.moment(time * 1000)}</th>
                ${lines.map(({ values }) => html`<td class="number">${formatValue(unit, values[index])}</td>`)}
              </tr>
            `,
          )}
        </tbody>
      </table>
    </div>
  `;
}
