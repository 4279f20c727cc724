import { seriesResolutions } from '../../../../schemas/protocol/queue-series.ts';
import type { RecordSeriesParams } from '../../store.ts';
import type { WriteTransaction } from '../write-transaction.ts';
import { keepAnchor } from './shift-waits.ts';

export function recordSeries(tx: WriteTransaction, { at, anchor, steps }: RecordSeriesParams): void {
  keepAnchor(tx, anchor);
  const add = tx.db.sql(
    `INSERT INTO series VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET pending = excluded.pending, delayed = excluded.delayed, active = excluded.active, dead = excluded.dead,
       arrivals = arrivals + excluded.arrivals, completions = completions + excluded.completions, failures = failures + excluded.failures,
       waited = waited + excluded.waited, waited_ms = waited_ms + excluded.waited_ms, longest_wait_ms = max(longest_wait_ms, excluded.longest_wait_ms),
       ran = ran + excluded.ran, ran_ms = ran_ms + excluded.ran_ms, longest_run_ms = max(longest_run_ms, excluded.longest_run_ms)`,
  );
  // All but the last row before the horizon: it has the depths at the horizon.
  const forget = tx.db.sql(
    `DELETE FROM series WHERE step_ms = ?1 AND queue_id = ?2
     AND at < (SELECT max(at) FROM series WHERE step_ms = ?1 AND queue_id = ?2 AND at <= ?3)`,
  );
  for (const { stepMs, keepMs } of Object.values(seriesResolutions)) {
    for (const { queue, depth, arrivals, completions, failures, waiting, running } of steps) {
      const queueId = tx.state.queueId(queue);
      add.run(
        stepMs,
        queueId,
        Math.floor(at / stepMs) * stepMs,
        depth.pending,
        depth.delayed,
        depth.active,
        depth.dead,
        arrivals,
        completions,
        failures,
        waiting.count,
        waiting.totalMs,
        waiting.maxMs,
        running.count,
        running.totalMs,
        running.maxMs,
      );
      forget.run(stepMs, queueId, at - keepMs);
    }
  }
}
