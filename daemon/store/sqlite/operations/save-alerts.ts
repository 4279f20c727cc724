import type { AlertChange } from '../../store.ts';
import type { WriteTransaction } from '../write-transaction.ts';

export function saveAlerts({ db }: WriteTransaction, { alerts }: { readonly alerts: readonly AlertChange[] }): object {
  for (const { queue, kind, raised } of alerts) {
    if (raised === undefined) db.sql('DELETE FROM alerts WHERE queue = ? AND kind = ?').run(queue, kind);
    else db.sql('INSERT OR REPLACE INTO alerts VALUES (?, ?, ?, ?, ?, ?)').run(queue, kind, raised.severity, raised.since, raised.peak, raised.peakAt);
  }
  return {};
}
