import * as l10n from '@vscode/l10n';
import { html, nothing, type TemplateResult } from 'lit-html';
import { repeat } from 'lit-html/directives/repeat.js';
import type { Act, Now } from '../dashboard-message.ts';
import { type Tile, tilesOfAll, tilesOfQueue } from '../tiles.ts';
import { chartCard } from './chart-card.ts';
import { icon } from './icon.ts';
import type { PageActions, PageState } from './page-state.ts';
import { deadTable, queueTable } from './tables.ts';
import { topBar } from './top-bar.ts';

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
    ${isOne ? (queue === undefined ? html`<p class="notice">${l10n.t('There is no longer a queue named {0}.', choice.queue ?? '')}</p>` : tileRow(tilesOfQueue(queue, atMs))) : tileRow(tilesOfAll(queues))}
    <div class="charts">
      ${fitting === undefined ? html`<p class="notice" role="status">${l10n.t('Reading the series…')}</p>` : repeat(fitting.charts, ({ id }) => id, (model) => chartCard(state, fitting, model, actions))}
    </div>
    ${fitting === undefined || fitting.grid.leftOut.length === 0 ? nothing : html`<p class="note">${l10n.t('Not in the pictures, since more lines could not be told apart: {0}', fitting.grid.leftOut.join(', '))}</p>`}
    ${isOne ? nothing : queueTable(queues, atMs, (name) => actions.choose({ ...choice, queue: name }))}
    ${deadTable({ groups: now.dead.filter((group) => !isOne || group.queue === choice.queue), others: now.otherDead, nowMs: atMs, withQueue: !isOne }, actions)}
  `;
}

/** What keeps the page from being live, and what to do about it. */
function notice({ connection, problem, queues }: Now, { act }: PageActions): TemplateResult | typeof nothing {
  const button = (name: Act, title: string): TemplateResult => html`<button data-testid=${name} @click=${() => act(name)}>${title}</button>`;
  const say = (text: string, ...buttons: readonly TemplateResult[]): TemplateResult => html`<div class="notice" data-testid="notice" role="status"><p>${text}</p>${buttons}</div>`;
  const startDaemon = button('startDaemon', l10n.t('Start Daemon'));
  switch (connection) {
    case 'connected':
      return queues.length > 0 ? nothing : say(l10n.t('There are no queues yet. They come with the first workflow that runs.'), button('runWorkflow', l10n.t('Run Workflow')));
    case 'starting':
      return queues.length > 0 ? nothing : say(l10n.t('The daemon is starting…'));
    case 'reconnecting':
      return queues.length > 0 ? nothing : say(l10n.t('Looking for the daemon…'));
    case 'stopped':
      return say(problem ?? l10n.t("The project's daemon is not running. Jobs that wait are kept until it runs."), startDaemon, button('showLog', l10n.t('Show Log')));
    case 'gone':
      return say(problem ?? l10n.t('The folder of this project is gone.'), button('showLog', l10n.t('Show Log')));
    case 'untrusted':
      return say(l10n.t('No daemon runs, and Sluice starts none in Restricted Mode.'));
    case 'incompatible':
      return say(l10n.t('The daemon of this project has another version than this extension.'), button('restartDaemon', l10n.t('Restart Daemon')), button('showLog', l10n.t('Show Log')));
    case 'none':
      return say(l10n.t('No folder of this window is a Sluice project yet.'), button('createProject', l10n.t('Create Project')));
    case 'virtual':
      return say(l10n.t("Sluice can't run here: its daemon needs a folder on a disk."));
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
              : html`<dd class="alert">${icon(alert.severity)}<span><span class="hidden">${alert.severity === 'error' ? l10n.t('Error') : l10n.t('Warning')}: </span>${alert.text}</span></dd>`}
          </div>
        `,
      )}
    </dl>
  `;
}
