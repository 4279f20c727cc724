import * as l10n from '@vscode/l10n';
import { html, nothing, type TemplateResult } from 'lit-html';
import type { Tile } from '../tiles.ts';
import { icon } from './icon.ts';

/** The figures of how things stand. */
export function tileRow(tiles: readonly Tile[]): TemplateResult {
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
