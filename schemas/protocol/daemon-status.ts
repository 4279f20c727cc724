import { type Static, Type } from 'typebox';
import { parseJsonObject, type Json } from '../workflow/json.ts';
import { WebhookStatus } from './delivery.ts';
import { QueueView } from './queue.ts';
import { Time } from './shape.ts';

export const DaemonStatus = Type.Object({
  pid: Type.Integer(),
  version: Type.String(),
  project: Type.String({ description: "The project's folder, absolute." }),
  endpoint: Type.String({ description: '`http://127.0.0.1:PORT`.' }),
  startedAt: Time,
  uptimeMs: Type.Number(),
  durability: Type.Union([Type.Literal('full'), Type.Literal('normal')]),
  store: Type.Object({
    ok: Type.Boolean(),
    problem: Type.Optional(Type.String({ description: 'Why nothing is claimed or accepted just now.' })),
    since: Type.Optional(Time),
    bytes: Type.Integer(),
  }),
  machine: Type.Optional(
    Type.Object(
      {
        problem: Type.String({ description: 'A sentence for a person.' }),
        since: Time,
        limit: Type.Optional(Type.Integer({ description: 'Attempts at a time, of all queues; left out where that is not bounded.' })),
      },
      { description: 'What this machine lacks: attempts that can not be made for it are put off and not charged.' },
    ),
  ),
  lastCrash: Type.Optional(
    Type.Object(
      {
        aliveAt: Time,
        interrupted: Type.Integer({ description: 'Attempts that were under way: they are made again, and may have had their effect.' }),
        jobs: Type.Array(Type.String(), { description: 'The jobs of these attempts, the oldest first, twenty at most.' }),
      },
      { description: 'The daemon before this one was not stopped: it crashed, was killed, or the machine went down. `aliveAt`: its last sign of life.' },
    ),
  ),
  webhooks: Type.Optional(Type.Object(WebhookStatus.properties, { description: 'Where webhooks are received; left out if no workflow has one.' })),
  problems: Type.Integer({ description: "Errors in the project's files; `workflow/validate` lists them." }),
  runs: Type.Object({ running: Type.Integer() }),
  /** Late outcomes of attempts that had been given up; refused, and counted here since the start. */
  lateOutcomes: Type.Integer(),
  queues: Type.Array(QueueView),
});
export type DaemonStatus = Static<typeof DaemonStatus>;

/**
 * What a daemon leaves behind at an orderly end, for anyone who finds none running: `.sluice/state/last-stop.json`, as `docs/protocol.md` has it. It is gone
 * while a daemon runs, and after one that died: nobody knows then.
 */
export interface LastStop {
  /** ISO 8601. */
  readonly at: string;
  /** Jobs that wait for a daemon: due, due later, or interrupted by the stop. */
  readonly waiting: number;
  readonly dead: number;
}

export const lastStopName = 'last-stop.json';
/** Of a file that is read. */
export const maxLastStopBytes = 4 * 1024;

/**
 * `proof` shows that this user's daemon wrote it for this folder: it has to be the HMAC of `lastStopProofText` under the owner's key. A clone could bring any
 * counts along.
 */
export interface ParsedLastStop {
  readonly lastStop: LastStop;
  readonly proof: string;
}

/** Undefined if the text says nothing that could be believed. */
export function parseLastStop(text: string): ParsedLastStop | undefined {
  const value = parseJsonObject(text);
  if (value === undefined) return undefined;
  const { at, waiting, dead, proof } = value;
  const isTime = typeof at === 'string' && /^\d{4}-\d\d-\d\dT[\d:.]{5,20}Z$/.test(at) && !Number.isNaN(Date.parse(at));
  return isTime && isCount(waiting) && isCount(dead) && typeof proof === 'string' ? { lastStop: { at, waiting, dead }, proof } : undefined;
}

function isCount(value: Json | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
