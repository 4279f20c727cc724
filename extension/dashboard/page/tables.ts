import { html, nothing, type TemplateResult } from 'lit-html';
import { formatValue } from '../chart-text.ts';
import type { DeadGroup } from '../../../schemas/protocol/job.ts';
import type { QueueView } from '../../../schemas/protocol/queue.ts';
import { formatDuration, formatShare } from '../../../schemas/wording/amount.ts';
import { throughputNow } from '../chart-model.ts';
import { editedNotSentText } from '../../wording/job.ts';
import { formatAge, formatNumber, say } from '../../wording/language.ts';
import { forecastText, isHeld, presentAlerts, waitingIn } from '../../wording/queue.ts';
import { icon } from './icon.ts';
import type { PageActions } from './page-state.ts';

export interface DeadTableInput {
  readonly groups: readonly DeadGroup[];
  readonly others: number;
  readonly nowMs: number;
  /** A column says which queue. */
  readonly withQueue: boolean;
}

/** Dead letters by cause, with how many of each as a bar. */
export function deadTable({ groups, others, nowMs, withQueue }: DeadTableInput, { act }: PageActions): TemplateResult {
  const most = Math.max(1, ...groups.map(({ count }) => count));
  return html`
    <section class="card" data-testid="dead-letters" aria-labelledby="title-dead">
      <header>
        <h2 id="title-dead">${say('Dead letters by cause')}</h2>
        ${groups.length === 0 ? nothing : html`<button class="quiet" data-testid="show-dead-letters" @click=${() => act('showDeadLetters')}>${say('Show in Side Bar')}</button>`}
      </header>
      ${groups.length === 0 ? html`<p class="nothing">${say('None. A job whose attempts are used up is kept here until a person decides.')}</p>` : nothing}
      ${groups.length === 0
        ? nothing
        : html`
            <div class="scroll" tabindex="0" role="region" aria-labelledby="title-dead">
              <table>
                <thead>
                  <tr>
                    <th scope="col">${say('Cause')}</th>
                    ${withQueue ? html`<th scope="col">${say('Queue')}</th>` : nothing}
                    <th scope="col" class="number">${say('Count')}</th>
                    <th scope="col" class="wide"><span class="hidden">${say('Share')}</span></th>
                    <th scope="col">${say('Newest')}</th>
                    <th scope="col"><span class="hidden">${say('Actions')}</span></th>
                  </tr>
                </thead>
                <tbody>
                  ${groups.map(
                    ({ group, title, uses, queue, count, edited, newestAt }) => html`
                      <tr>
                        <th scope="row" class="cause" title=${uses}>${title}${edited === undefined ? nothing : html`<div class="note" data-testid="edited">${editedNotSentText(edited)}</div>`}</th>
                        ${withQueue ? html`<td>${queue}</td>` : nothing}
                        <td class="number">${formatNumber(count)}</td>
                        <td class="wide"><svg class="bar" aria-hidden="true"><rect width="${(100 * count) / most}%" height="8" rx="2" /></svg></td>
                        <td>${formatAge(newestAt, nowMs)}</td>
                        <td class="acts"><button class="quiet" @click=${() => act('replayGroup', { queue, group })}>${say('Replay…')}</button></td>
                      </tr>
                    `,
                  )}
                </tbody>
              </table>
            </div>
          `}
      ${others === 0 ? nothing : html`<p class="note">${say('and {others} with other causes', { others })}</p>`}
    </section>
  `;
}

/** All queues in a table; the name of each leads to it. */
export function queueTable(queues: readonly QueueView[], nowMs: number, onQueue: (name: string) => void): TemplateResult {
  return html`
    <section class="card" data-testid="queue-table" aria-labelledby="title-queues">
      <header><h2 id="title-queues">${say('Queues')}</h2></header>
      <div class="scroll" tabindex="0" role="region" aria-labelledby="title-queues">
        <table>
          <thead>
            <tr>
              <th scope="col">${say('Queue')}</th>
              <th scope="col" class="number">${say('Waiting')}</th>
              <th scope="col" class="number">${say('Active')}</th>
              <th scope="col" class="number">${say('Throughput')}</th>
              <th scope="col" class="number">${say('Failure rate')}</th>
              <th scope="col" class="number">${say('Waiting time')}</th>
              <th scope="col" class="number">${say('Oldest')}</th>
              <th scope="col">${say('Forecast')}</th>
              <th scope="col" class="number">${say('Dead letters')}</th>
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
    ${queue.paused ? html`<span class="mark">${icon('paused')}${say('paused')}</span>` : nothing}
    ${isHeld(queue, nowMs) ? html`<span class="mark">${icon('waiting')}${say('held back')}</span>` : nothing}
    ${alert === undefined ? nothing : html`<span class="mark ${alert.severity}">${icon(alert.severity)}${alert.severity === 'error' ? say('error') : say('warning')}</span>`}
  `;
}
