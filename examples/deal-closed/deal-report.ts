import type { JobSummary } from '../../schemas/protocol/job.ts';
import type { RunSummary } from '../../schemas/protocol/run.ts';
import { atMost, formatMs, same, type ExampleReport, type Finding } from '../running/example.ts';
import type { Chat } from '../servers/chat.ts';
import type { Erp } from '../servers/erp.ts';
import type { Warehouse } from '../servers/warehouse.ts';
import type { Watch } from '../servers/watch.ts';

/** Its currency is written wrongly. */
export const wrongDeal = '1002';
/** Its branch's ERP never comes back. */
export const lostDeal = '1003';

export interface DealSize {
  /** What a minute of real life takes here. */
  readonly minuteMs: number;
  /** As they are in the copy's queues.yaml. */
  readonly delays: string;
  /** The same, as the receiver should see them. */
  readonly delaysMs: readonly number[];
  readonly downMinutes: number;
}

export interface DealServers {
  readonly watch: Watch;
  readonly erp: Erp;
  readonly warehouse: Warehouse;
  readonly chat: Chat;
}

/** How many calls the ERP takes at a time, and what the queue says. */
const erpConcurrency = 2;
/** A repetition may come later than its list says: others are in front, and a slow machine. */
const latenessMs = 2_000;

export interface DealOutcome {
  readonly size: DealSize;
  readonly servers: DealServers;
  readonly runs: readonly RunSummary[];
  readonly jobs: readonly JobSummary[];
  /** Files in which a secret's value was found. */
  readonly leaks: readonly string[];
}

export function reportOf({ size, servers, runs, jobs, leaks }: DealOutcome): ExampleReport {
  const { erp, warehouse, chat } = servers;
  const invoiced = new Set(erp.invoices.map(({ deal }) => deal)).size;
  const twice = erp.invoices.length - invoiced + warehouse.repeats;
  const succeeded = runs.filter(({ state }) => state === 'succeeded').length;
  const attempts = jobs.reduce((sum, { attemptCount }) => sum + attemptCount, 0);
  return {
    jobs: jobs.length,
    attempts,
    arrived: erp.invoices.length + warehouse.events.length + chat.messages.length,
    twice,
    limit: `${erpConcurrency} at a time`,
    most: String(erp.service.mostOpen),
    fixed: [
      `the ERP was down and refused ${erp.refusedWhileDown} calls (503): repeated`,
      `deal ${wrongDeal} was wrong (422): dead letter, edited, replayed, done`,
      `an answer of the ERP got lost: same key again, one invoice`,
      `deal ${lostDeal} failed five times: dead letter, discarded`,
    ],
    findings: [
      same('deals with an invoice', invoiced, runs.length - 1, `of ${runs.length}; ${lostDeal} was given up`),
      same('invoices made twice', erp.invoices.length - invoiced, 0),
      same('lost answers made good by the same key', erp.repeatsRecognised, erp.lostAnswers),
      repetitions(size, servers),
      atMost('calls that the ERP had at a time', erp.service.mostOpen, erpConcurrency),
      same('events that the warehouse verified', warehouse.events.length, runs.length - 1),
      same('events with a wrong signature', warehouse.forged, 0),
      same('alarms in the chat', chat.with('is stuck').length, 2, `${wrongDeal} and ${lostDeal}`),
      { what: `the invoice of ${wrongDeal}`, seen: erp.invoices.find(({ deal }) => deal === wrongDeal)?.currency ?? 'missing', ok: erp.invoices.some(({ deal, currency }) => deal === wrongDeal && currency === 'EUR') },
      same('runs that succeeded', succeeded, runs.length - 1),
      { what: 'secrets found in the store or the log', seen: leaks.length === 0 ? 'none' : leaks.join(', '), ok: leaks.length === 0 },
    ],
  };
}

/** The times between the calls for the deal that fails to the end, as the ERP saw them. */
function repetitions({ delays, delaysMs }: DealSize, { erp }: DealServers): Finding {
  const tries = erp.triesOf(lostDeal);
  const gaps = tries.slice(1).map((at, index) => at - (tries[index] ?? at));
  // A delay runs from the end of an attempt to the start of the next, so that what the ERP sees is a little longer.
  const ok = gaps.length === delaysMs.length && gaps.every((gap, index) => gap >= (delaysMs[index] ?? 0) && gap <= (delaysMs[index] ?? 0) + latenessMs);
  return { what: `gaps for ${delays}`, seen: gaps.map(formatMs).join(', '), ok };
}
