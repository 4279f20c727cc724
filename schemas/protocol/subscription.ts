import { Type, type Static } from 'typebox';
import { BulkId, BulkView } from './bulk.ts';
import { DaemonStatus } from './daemon-status.ts';
import { DeliverySummary } from './delivery.ts';
import { QueueView } from './queue.ts';
import { RunDetail, RunSummary } from './run.ts';
import { ScheduleView } from './trigger.ts';
import { RunId } from './shape.ts';
import { SignalWait } from './signal.ts';

/**
 * A client subscribes to a topic, gets a snapshot as the answer, then `changed` notifications, numbered from 1 without
 * gaps, 600 ms apart at least, whatever the job rate. Each carries whole entries: the newest state of an entry is all that
 * counts. For `log` it carries lines that are new.
 */
export const SubscribeParams = Type.Union([
  Type.Object({ topic: Type.Literal('queues') }, { additionalProperties: false }),
  Type.Object({ topic: Type.Literal('runs') }, { additionalProperties: false }),
  Type.Object({ topic: Type.Literal('run'), id: RunId }, { additionalProperties: false }),
  Type.Object({ topic: Type.Literal('bulks') }, { additionalProperties: false }),
  Type.Object({ topic: Type.Literal('bulk'), id: BulkId }, { additionalProperties: false }),
  Type.Object({ topic: Type.Literal('schedules') }, { additionalProperties: false }),
  Type.Object({ topic: Type.Literal('deliveries') }, { additionalProperties: false }),
  Type.Object({ topic: Type.Literal('waits') }, { additionalProperties: false }),
  Type.Object({ topic: Type.Literal('status') }, { additionalProperties: false }),
  Type.Object({ topic: Type.Literal('log') }, { additionalProperties: false }),
]);
export type SubscribeParams = Static<typeof SubscribeParams>;

/** What a topic holds: all queues; the newest 100 runs; one run; all bulk work that has not ended, and the newest 100 that has; one of it; the newest 100 deliveries; all schedules; the first 1,000 jobs that wait for an answer; the daemon; new lines of the log. */
export const TopicState = Type.Object({
  queues: Type.Optional(Type.Array(QueueView)),
  runs: Type.Optional(Type.Array(RunSummary)),
  run: Type.Optional(RunDetail),
  bulks: Type.Optional(Type.Array(BulkView)),
  bulk: Type.Optional(BulkView),
  deliveries: Type.Optional(Type.Array(DeliverySummary)),
  schedules: Type.Optional(Type.Array(ScheduleView)),
  waits: Type.Optional(Type.Array(SignalWait)),
  status: Type.Optional(DaemonStatus),
  lines: Type.Optional(Type.Array(Type.String())),
});
export type TopicState = Static<typeof TopicState>;

export const SubscribeResult = Type.Object({ id: Type.Integer(), snapshot: TopicState });
export type SubscribeResult = Static<typeof SubscribeResult>;

/**
 * Params of the notification `changed`. Only entries that differ from what was sent before are in it; `uptimeMs` of the
 * status alone is not a difference.
 */
export const Changed = Type.Object({
  id: Type.Integer({ description: 'Of the subscription.' }),
  number: Type.Integer({ description: 'From 1, without gaps.' }),
  change: TopicState,
  removed: Type.Optional(
    Type.Array(Type.String(), { description: 'Names of queues, or ids of runs or bulk work, that the topic no longer holds. For `runs`: also those that newer ones pushed out.' }),
  ),
});
export type Changed = Static<typeof Changed>;
