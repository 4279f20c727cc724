import * as l10n from '@vscode/l10n';
import { html, nothing, type TemplateResult } from 'lit-html';
import type { DeadGroup } from '../../../schemas/protocol/dead-group.ts';
import { formatAge, formatNumber } from '../../wording/language.ts';
import { editedNotSentText } from '../../wording/job.ts';
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
        <h2 id="title-dead">${l10n.t('Dead letters by cause')}</h2>
        ${groups.length === 0 ? nothing : html`<button class="quiet" data-testid="show-dead-letters" @click=${() => act('showDeadLetters')}>${l10n.t('Show in Side Bar')}</button>`}
      </header>
      ${groups.length === 0 ? html`<p class="nothing">${l10n.t('None. A job whose attempts are used up is kept here until a person decides.')}</p>` : nothing}
      ${groups.length === 0
        ? nothing
        : html`
            <div class="scroll" tabindex="0" role="region" aria-labelledby="title-dead">
              <table>
                <thead>
                  <tr>
                    <th scope="col">${l10n.t('Cause')}</th>
                    ${withQueue ? html`<th scope="col">${l10n.t('Queue')}</th>` : nothing}
                    <th scope="col" class="number">${l10n.t('Count')}</th>
                    <th scope="col" class="wide"><span class="hidden">${l10n.t('Share')}</span></th>
                    <th scope="col">${l10n.t('Newest')}</th>
                    <th scope="col"><span class="hidden">${l10n.t('Actions')}</span></th>
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
                        <td class="acts"><button class="quiet" @click=${() => act('replayGroup', { queue, group })}>${l10n.t('Replay…')}</button></td>
                      </tr>
                    `,
                  )}
                </tbody>
              </table>
            </div>
          `}
      ${others === 0 ? nothing : html`<p class="note">${l10n.t('and {0} with other causes', formatNumber(others))}</p>`}
    </section>
  `;
}
