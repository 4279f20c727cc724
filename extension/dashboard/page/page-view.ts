import { html, nothing, type TemplateResult } from 'lit-html';
import { repeat } from 'lit-html/directives/repeat.js';
import type { Act, Now } from '../dashboard-message.ts';
import { type Tile, tilesOfAll, tilesOfQueue } from '../tiles.ts';
import { chartCard } from './chart-card.ts';
import { icon } from './icon.ts';
import type { PageActions, PageState } from './page-state.ts';
import { deadTable, queueTable } from './tables.ts';
import { topBar } from './top-bar.ts';
import { say } from '../../wording/language.ts';

/** The whole page. */
export function pageView(state: PageState, actions: PageActions): TemplateResult {
  const { now } = state;
  const isLive = now.connection === 'connected';
  return html`
    <main class="page ${isLive ? '' : 'stale'}">
      ${topBar(now, actions)} ${notice(now, actions)}
      ${now.queues.length === 0 ? nothing : content(state, actions)}
    </main>
  `;
}

function content(state: PageState, actions: PageActions): TemplateResult {
  const { now, drawn } = state;
  const { choice, queues, atMs } = now;
  const queue = queues.find(({ name }) => name === choice.queue);
  const isOne = choice.queue !== undefined;
  // Of another queue or project, until the right ones have come.
  const fitting = drawn !== undefined && drawn.choice.queue === choice.queue && drawn.choice.folder === choice.folder ? drawn : undefined;
  return html`
    ${isOne ? (queue === undefined ? html`<p class="notice">${say('There is no longer a queue named {queue}.', { queue: choice.queue ?? '' })}</p>` : tileRow(tilesOfQueue(queue, atMs))) : tileRow(tilesOfAll(queues))}
    <div class="charts">
      ${fitting === undefined ? html`<p class="notice" role="status">${say('Reading the series…')}</p>` : repeat(fitting.charts, ({ id }) => id, (model) => chartCard(state, fitting, model, actions))}
    </div>
    ${fitting === undefined || fitting.grid.leftOut.length === 0 ? nothing : html`<p class="note">${say('Not in the pictures, since more lines could not be told apart: {list}', { list: fitting.grid.leftOut.join(', ') })}</p>`}
    ${isOne ? nothing : queueTable(queues, atMs, (name) => actions.choose({ ...choice, queue: name }))}
    ${deadTable({ groups: now.dead.filter((group) => !isOne || group.queue === choice.queue), others: now.otherDead, nowMs: atMs, withQueue: !isOne }, actions)}
  `;
}

/** What keeps the page from being live, and what to do about it. */
function notice({ connection, problem, queues }: Now, { act }: PageActions): TemplateResult | typeof nothing {
  const button = (name: Act, title: string): TemplateResult => html`<button data-testid=${name} @click=${() => act(name)}>${title}</button>`;
  const notify = (text: string, ...buttons: readonly TemplateResult[]): TemplateResult => html`<div class="notice" data-testid="notice" role="status"><p>${text}</p>${buttons}</div>`;
  const startDaemon = button('startDaemon', say('Start Daemon'));
  switch (connection) {
    case 'connected':
      return queues.length > 0 ? nothing : notify(say('There are no queues yet. They come with the first workflow that runs.'), button('runWorkflow', say('Run Workflow')));
    case 'starting':
      return queues.length > 0 ? nothing : notify(say('The daemon is starting…'));
    case 'reconnecting':
      return queues.length > 0 ? nothing : notify(say('Looking for the daemon…'));
    case 'stopped':
      return notify(problem ?? say("The project's daemon is not running. Jobs that wait are kept until it runs."), startDaemon, button('showLog', say('Show Log')));
    case 'gone':
      return notify(problem ?? say('The folder of this project is gone.'), button('showLog', say('Show Log')));
    case 'untrusted':
      return notify(say('No daemon runs, and Sluice starts none in Restricted Mode.'));
    case 'incompatible':
      return notify(say('The daemon of this project has another version than this extension.'), button('restartDaemon', say('Restart Daemon')), button('showLog', say('Show Log')));
    case 'none':
      return notify(say('No folder of this window is a Sluice project yet.'), button('createProject', say('Create Project')));
    case 'virtual':
      return notify(say("Sluice can't run here: its daemon needs a folder on a disk."));
  }
}

/** The figures of how things stand. */
function tileRow(tiles: readonly Tile[]): TemplateResult {
  return html`
    <dl class="tiles" data-testid="tiles">
      ${tiles.map(
        ({ id, label, value, detail, alert }) => html`
          <div class="tile ${alert?.severity ?? ''}" data-testid="tile-${id}">
            <dt>${label}</dt>
            <dd class="value">${value}</dd>
            <dd class="detail">${detail}</dd>
            ${alert === undefined
              ? nothing
              : html`<dd class="alert">${icon(alert.severity)}<span><span class="hidden">${alert.severity === 'error' ? say('Error') : say('Warning')}: </span>${alert.text}</span></dd>`}
          </div>
        `,
      )}
    </dl>
  `;
}
