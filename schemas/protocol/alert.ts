import { type Static, Type } from 'typebox';
import { alertSeverities } from '../workflow/alert.ts';
import { QueueAlert } from './queue.ts';
import { Name, Time } from './shape.ts';

/** An alert of a queue, where it stands without its queue. */
export const AlertFacts = Type.Object({ queue: Name, ...QueueAlert.properties });
export type AlertFacts = Static<typeof AlertFacts>;

export const alertTurns = ['began', 'worse', 'eased', 'lasts', 'ended'] as const;

export const ToldItemView = Type.Object({
  turn: Type.Enum(alertTurns, { description: '`worse`, `eased`: another severity. `lasts`: told again, as `repeat` asks for.' }),
  queue: Name,
  kind: QueueAlert.properties.kind,
  severity: QueueAlert.properties.severity,
});

export type ToldItemView = Static<typeof ToldItemView>;

/** A notice that was delivered, or given up. */
export const PastNoticeView = Type.Object({
  id: Type.String({ description: 'The `webhook-id` of its calls, and the beginning of the `Message-ID` of its e-mail.' }),
  at: { ...Time, description: 'When it was delivered, or given up.' },
  items: Type.Array(ToldItemView, { description: 'The first of what it tells.' }),
  count: Type.Integer({ description: 'How many there are in all.' }),
  attempts: Type.Integer(),
  problem: Type.Optional(Type.String({ description: 'It was given up after a day, and why. Omitted if it was delivered.' })),
});
export type PastNoticeView = Static<typeof PastNoticeView>;

/** Who is told of alerts: an entry of `alerts` in `config.yaml`. No method and no event has the URL of one. */
export const AlertReceiverView = Type.Object({
  name: Type.String({ description: 'The host of a webhook, or the secret that holds its URL (`secrets.CHAT`); the addresses of an e-mail.' }),
  kind: Type.Enum(['webhook', 'email'] as const),
  from: Type.Enum(alertSeverities, { description: 'Alerts of this severity and above are told.' }),
  repeatMs: Type.Optional(Type.Number()),
  quiet: Type.Optional(Type.Boolean({ description: '`true`: it is told nothing now, because of its `quiet-hours`.' })),
  waiting: Type.Optional(
    Type.Object(
      {
        count: Type.Integer({ description: 'What it tells.' }),
        since: Time,
        attempts: Type.Integer(),
        nextAt: Time,
        problem: Type.Optional(Type.String({ description: 'Why the last attempt failed.' })),
        failingSince: Type.Optional(Time),
      },
      { description: 'A notice that has not been delivered yet. Omitted if there is none.' },
    ),
  ),
  past: Type.Array(PastNoticeView, { description: 'The newest first, twenty at most.' }),
});
export type AlertReceiverView = Static<typeof AlertReceiverView>;

/** A receiver of alerts that could not be told. */
export const UnreachedReceiver = Type.Object({
  receiver: Type.String({ description: 'Its name, as in `alert/list`.' }),
  problem: Type.String({ description: 'Why the last attempt failed.' }),
  since: { ...Time, description: 'When the first attempt failed.' },
  count: Type.Integer({ description: 'What it has not been told.' }),
});
export type UnreachedReceiver = Static<typeof UnreachedReceiver>;

export const AlertMute = Type.Object({
  queue: Name,
  since: Time,
  until: Type.Optional({ ...Time, description: 'Omitted: until it is lifted.' }),
});
export type AlertMute = Static<typeof AlertMute>;

/** A URL that is called each minute while all is well. */
export const HeartbeatView = Type.Object({
  calledAt: Type.Optional({ ...Time, description: 'The last call that was answered.' }),
  problem: Type.Optional(Type.String({ description: 'Why it is not called, or was not answered.' })),
});

/** What came of a test notice. */
export const AlertTest = Type.Object({
  receiver: Type.String({ description: 'Its name, as in `alert/list`.' }),
  ok: Type.Boolean({ description: 'The other side has taken it.' }),
  answered: Type.Optional(Type.String({ description: 'Status or reply: `200`, `250 2.0.0 OK`.' })),
  problem: Type.Optional(Type.String({ description: 'Why it was not taken.' })),
  durationMs: Type.Number(),
});
export type AlertTest = Static<typeof AlertTest>;
