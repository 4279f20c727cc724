import { type Static, Type } from 'typebox';
import { parseJsonObject, type Json } from '../workflow/json.ts';
import { UnreachedReceiver } from './alert.ts';
import { WebhookStatus } from './delivery.ts';
import { QueueView } from './queue.ts';
import { Time } from './shape.ts';

/** The version of the protocol, as in the path of its endpoint (`/v1/rpc`). */
export const protocolVersion = 1;

export const daemonHealths = ['ok', 'late', 'silent', 'stopping', 'left', 'unknown'] as const;
export type DaemonHealth = (typeof daemonHealths)[number];

/** One of the daemons that share a store. */
export const DaemonView = Type.Object({
  name: Type.String({ description: "Unique among them: host name, folder, and the start of a hash of the machine's id. ` (2)` follows if a copy of the machine was alive when it started." }),
  host: Type.String({ description: 'The name of its machine.' }),
  folder: Type.String({ description: "The project's folder on its machine." }),
  self: Type.Optional(Type.Literal(true, { description: 'The daemon that answers.' })),
  health: Type.Enum(daemonHealths, {
    description:
      '`ok`: it checks in every 10 seconds. `late`: it has missed a check-in. `silent`: it has not checked in for its lease of 30 seconds, so the others have taken over what it had under way. `stopping`: it finishes what is under way. `left`: it has stopped, within the last hour. `unknown`: the daemon that answers can not reach the store.',
  }),
  seenAt: { ...Time, description: 'ISO 8601. Its last check-in, by the clock of the database.' },
  leaseEndsAt: { ...Time, description: 'ISO 8601. From then on the others take over what it has under way, unless it checks in before.' },
  leads: Type.Boolean({ description: 'It does what is done once for all of them: fan-outs, schedules, alerts, pruning.' }),
  twin: Type.Optional(Type.Literal(true, { description: 'Another daemon with the same host name, machine id and folder was alive when it started: a machine or a container was copied. It has a place of its own.' })),
  version: Type.Optional(Type.String({ description: 'Of its Sluice; omitted if it is older than this member.' })),
  protocol: Type.Optional(Type.Integer({ description: 'The version of the protocol that it speaks.' })),
  storeVersion: Type.Optional(Type.Integer({ description: 'The newest version of the tables that it knows.' })),
  pid: Type.Optional(Type.Integer({ description: 'On its machine.' })),
  startedAt: Type.Optional(Type.String({ description: 'ISO 8601.' })),
  hints: Type.Optional(Type.Boolean({ description: 'It hears of changes by LISTEN. `false`: it only looks, every 250 ms to 1 s, as behind a pooler in transaction mode.' })),
  active: Type.Array(Type.Object({ queue: Type.String(), count: Type.Integer() }), { description: 'Attempts that it has under way, by queue.' }),
});
export type DaemonView = Static<typeof DaemonView>;

/** A daemon on the same store whose files declare something else. */
export const DifferingDaemon = Type.Object({
  daemon: Type.String({ description: 'Its name.' }),
  since: { ...Time, description: 'When its files changed to that.' },
  parts: Type.Array(Type.String(), { description: 'What differs: `queue mail`, `schedules of newsletter`.' }),
  holds: Type.Boolean({ description: 'What it declares holds for all daemons: it was changed last.' }),
});
export type DifferingDaemon = Static<typeof DifferingDaemon>;

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
    bytes: Type.Integer({ description: 'As last known, while the store can not be reached.' }),
    kind: Type.Enum(['embedded', 'postgres'] as const, { description: '`postgres`: several daemons can share it.' }),
    server: Type.Optional(Type.String({ description: 'Host, port and database, without user and password: `db.example.com:5432/jobs`. Omitted for an embedded store.' })),
    schema: Type.Optional(Type.String({ description: 'The schema of the project in the database. Omitted for an embedded store.' })),
    change: Type.Optional(Type.String({ description: 'A sentence: the files, or the secrets, name another store than the one that this daemon has used since its start. Omitted if they do not.' })),
  }),
  daemons: Type.Optional(
    Type.Object(
      {
        leads: Type.Boolean({ description: 'This daemon does what is done once for all of them: fan-outs, schedules, alerts, pruning.' }),
        all: Type.Array(DaemonView, { description: 'Each of them, the oldest first: those that share the store now, those that are silent, for a week, and those that have left it within the last hour. As last known while the store can not be reached.' }),
        lapsedAt: Type.Optional(Type.String({ description: 'ISO 8601. Since then this daemon has not reached the store for so long that the others take over what it had under way. Omitted while it can.' })),
      },
      { description: 'The daemons that share the store. Omitted if this one has its store for itself.' },
    ),
  ),
  differing: Type.Optional(Type.Array(DifferingDaemon, { description: 'Daemons that share the store and whose files declare other queues or schedules, as during a deployment. Omitted if there is none.' })),
  machine: Type.Optional(
    Type.Object(
      {
        problem: Type.String({ description: 'A sentence for a person.' }),
        since: Time,
        limit: Type.Optional(Type.Integer({ description: 'Attempts at the same time, in all queues; omitted if there is no limit.' })),
      },
      { description: 'What this machine lacks: attempts that can not be made because of it are postponed and not charged.' },
    ),
  ),
  lastCrash: Type.Optional(
    Type.Object(
      {
        aliveAt: Time,
        interrupted: Type.Integer({ description: 'Attempts that were under way: they are made again, and may have had their effect.' }),
        jobs: Type.Array(Type.String(), { description: 'The jobs of these attempts, the oldest first, twenty at most.' }),
      },
      { description: 'The previous daemon was not stopped normally: it crashed, was killed, or the machine went down. `aliveAt`: when it was last alive.' },
    ),
  ),
  webhooks: Type.Optional(Type.Object(WebhookStatus.properties, { description: 'Where webhooks are received; omitted if no workflow has one.' })),
  unreached: Type.Optional(Type.Array(UnreachedReceiver, { description: 'Receivers of alerts that could not be told: it is tried again. Omitted if there is none.' })),
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
