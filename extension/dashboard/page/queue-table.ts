import * as l10n from '@vscode/l10n';
import { html, nothing, type TemplateResult } from 'lit-html';
import type { QueueView } from '../../../schemas/protocol/queue.ts';
import { formatDuration, formatShare } from '../../../schemas/wording/amount.ts';
import { formatAge, formatNumber } from '../../wording/language.ts';
import { forecastText, isHeld, presentAlerts, waitingIn } from '../../wording/queue.ts';
import { formatValue } from '../chart-text.ts';
import { throughputNow } from '../throughput-now.ts';
import { icon } from './icon.ts';

/** All queues in a table; the name of each leads to it. */
export function queueTable(queues: readonly QueueView[], nowMs: number, onQueue: (name: string) => void): TemplateResult {
  return html`
    <section class="card" data-testid="queue-table" aria-labelledby="title-queues">
      <header><h2 id="title-queues">${l10n.t('Queues')}</h2></header>
      <div class="scroll" tabindex="0" role="region" aria-labelledby="title-queues">
        <table>
          <thead>
            <tr>
              <th scope="col">${l10n.t('Queue')}</th>
              <th scope="col" class="number">${l10n.t('Waiting')}</th>
              <th scope="col" class="number">${l10n.t('Active')}</th>
              <th scope="col" class="number">${l10n.t('Throughput')}</th>
              <th scope="col" class="number">${l10n.t('Failure rate')}</th>
              <th scope="col" class="number">${l10n.t('Waiting time')}</th>
              <th scope="col" class="number">${l10n.t('Oldest')}</th>
              <th scope="col">${l10n.t('Forecast')}</th>
              <th scope="col" class="number">${l10n.t('Dead letters')}</th>
            </tr>
          </thead>
          <tbody>
            ${queues.map(
              (queue) => html`
                <tr>
                  <th scope="row"><button class="link" @click=${() => onQueue(queue.name)}>${queue.name}</button>${marks(queue, nowMs)}</th>
                  <td class="number">${formatNumber(waitingIn(queue))}</td>
                  <td class="number">${formatNumber(queue.depth.active)}</td>
                  <td class="number">${formatValue('perMinute', throughputNow(queue))}</td>
                  <td class="number">${formatShare(queue.failureRate)}</td>
                  <td class="number">${queue.waiting === undefined ? '–' : formatDuration(queue.waiting.meanMs)}</td>
                  <td class="number">${queue.oldestPendingAt === undefined ? '–' : formatAge(queue.oldestPendingAt, nowMs)}</td>
                  <td>${forecastText(queue.forecast)}</td>
                  <td class="number">${formatNumber(queue.depth.dead)}</td>
                </tr>
              `,
            )}
          </tbody>
        </table>
      </div>
    </section>
  `;
}

/** What is out of the ordinary, beside the name. */
function marks(queue: QueueView, nowMs: number): TemplateResult | typeof nothing {
  const [alert] = presentAlerts(queue.alerts);
  return html`
    ${queue.paused ? html`<span class="mark">${icon('paused')}${l10n.t('paused')}</span>` : nothing}
    ${isHeld(queue, nowMs) ? html`<span class="mark">${icon('waiting')}${l10n.t('held back')}</span>` : nothing}
    ${alert === undefined ? nothing : html`<span class="mark ${alert.severity}">${icon(alert.severity)}${alert.severity === 'error' ? l10n.t('error') : l10n.t('warning')}</span>`}
  `;
}
