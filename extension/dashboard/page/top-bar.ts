import { html, nothing, type TemplateResult } from 'lit-html';
import { live } from 'lit-html/directives/live.js';
import { type Choice, type Range, ranges } from '../choice.ts';
import type { Now } from '../dashboard-message.ts';
import { icon, type IconName } from './icon.ts';
import type { PageActions } from './page-state.ts';
import { say } from '../../wording/language.ts';

/** What is shown, and whether it is live. */
export function topBar({ choice, projects, queues, connection }: Now, { choose, act }: PageActions): TemplateResult {
  const queue = queues.find(({ name }) => name === choice.queue);
  const state = connectionLook(connection);
  return html`
    <header class="top">
      <h1>${say('Dashboard')}</h1>
      ${projects.length < 2 ? nothing : projectPicker(choice, projects, choose)}
      <label>
        <span>${say('Queue')}</span>
        <select data-testid="queue" .value=${live(choice.queue ?? '')} @change=${(event: Event) => choose(withQueue(choice, valueOf(event)))}>
          <option value="">${say('All queues')}</option>
          ${namesOf(queues, choice).map((name) => html`<option value=${name} ?selected=${name === choice.queue}>${name}</option>`)}
        </select>
      </label>
      <fieldset class="ranges" data-testid="range">
        <legend class="hidden">${say('Time')}</legend>
        ${ranges.map(
          (range) => html`
            <label><input type="radio" name="range" value=${range} .checked=${live(range === choice.range)} @change=${() => choose({ ...choice, range })} /><span>${rangeName(range)}</span></label>
          `,
        )}
      </fieldset>
      ${queue === undefined || connection !== 'connected'
        ? nothing
        : queue.paused
          ? html`<button class="quiet" data-testid="resume" @click=${() => act('resumeQueue', { queue: queue.name })}>${say('Resume Queue')}</button>`
          : html`<button class="quiet" data-testid="pause" @click=${() => act('pauseQueue', { queue: queue.name })}>${say('Pause Queue')}</button>`}
      <p class="connection ${connection}" role="status" data-testid="connection">${icon(state.icon)}${state.text}</p>
    </header>
  `;
}

function projectPicker(choice: Choice, projects: Now['projects'], choose: PageActions['choose']): TemplateResult {
  return html`
    <label>
      <span>${say('Project')}</span>
      <select data-testid="project" .value=${live(choice.folder ?? '')} @change=${(event: Event) => choose({ range: choice.range, folder: valueOf(event) })}>
        ${projects.map(({ folder, name }) => html`<option value=${folder} ?selected=${folder === choice.folder}>${name}</option>`)}
      </select>
    </label>
  `;
}

/** The chosen one stays in the list when it is gone, so that the list tells the truth about what is shown. */
function namesOf(queues: Now['queues'], { queue }: Choice): readonly string[] {
  const names = queues.map(({ name }) => name);
  return queue === undefined || names.includes(queue) ? names : [...names, queue];
}

function withQueue({ queue: _before, ...rest }: Choice, queue: string): Choice {
  return queue === '' ? rest : { ...rest, queue };
}

function valueOf({ target }: Event): string {
  return target instanceof HTMLSelectElement ? target.value : '';
}

function rangeName(range: Range): string {
  switch (range) {
    case '15min':
      return say('15 min');
    case '1h':
      return say('1 hour');
    case '24h':
      return say('24 hours');
    case '30d':
      return say('30 days');
  }
}

function connectionLook(connection: Now['connection']): { readonly icon: IconName; readonly text: string } {
  switch (connection) {
    case 'connected':
      return { icon: 'live', text: say('Live') };
    case 'starting':
      return { icon: 'waiting', text: say('Starting…') };
    case 'reconnecting':
      return { icon: 'waiting', text: say('Reconnecting…') };
    case 'gone':
      return { icon: 'warning', text: say('Folder is gone') };
    case 'stopped':
    case 'untrusted':
      return { icon: 'stopped', text: say('Daemon stopped') };
    case 'incompatible':
      return { icon: 'warning', text: say('Other version') };
    case 'none':
    case 'virtual':
      return { icon: 'stopped', text: say('No project') };
  }
}
