import type { AlertMute, AlertReceiverView, UnreachedReceiver } from '../../schemas/protocol/alert.ts';
import { message } from '../../schemas/wording/message.ts';
import type { AlertReceiver } from '../../schemas/workflow/alert-receiver.ts';
import type { Mute } from '../alerts/alert-books.ts';
import type { Alerts } from '../alerts/alerts.ts';
import { receiverName } from '../alerts/receiver-identity.ts';
import type { Clock } from '../core/clock.ts';
import { isQuiet } from '../core/quiet-hours.ts';
import type { Handlers } from '../server/method-caller.ts';
import { unknownName } from './param-values.ts';

type Standing = Awaited<ReturnType<Alerts['teller']['standing']>>[number];

export interface AlertServiceOptions {
  readonly alerts: Pick<Alerts, 'test'> & { readonly heartbeat: Pick<Alerts['heartbeat'], 'standing'> } & { readonly teller: Pick<Alerts['teller'], 'standing' | 'mutes' | 'mute'> };
  readonly receivers: () => readonly AlertReceiver[];
  /** @throws CodedError `not-found` */
  readonly assertQueue: (name: string) => void;
  /** Takes up what the files say now. */
  readonly refresh: () => Promise<void>;
  readonly clock: Pick<Clock, 'now'>;
}

/** Who is told of alerts. */
export class AlertService implements Pick<Handlers, 'alert/list' | 'alert/test' | 'alert/mute' | 'alert/unmute'> {
  readonly #options: AlertServiceOptions;

  constructor(options: AlertServiceOptions) {
    this.#options = options;
  }

  'alert/list': Handlers['alert/list'] = async () => {
    await this.#options.refresh();
    const { teller, heartbeat } = this.#options.alerts;
    const { standing } = heartbeat;
    return {
      receivers: [...(await this.receivers())],
      mutes: (await teller.mutes()).map(muteView),
      ...(standing === undefined ? {} : { heartbeat: { ...(standing.calledAt === undefined ? {} : { calledAt: iso(standing.calledAt) }), ...(standing.problem === undefined ? {} : { problem: standing.problem }) } }),
    };
  };

  'alert/test': Handlers['alert/test'] = async ({ receiver }) => {
    await this.#options.refresh();
    const known = this.#options.receivers().map(({ target }) => receiverName(target));
    if (receiver !== undefined && !known.includes(receiver)) throw unknownName(message('There is no receiver of alerts {name}.', { name: receiver }), { name: receiver, known, none: message('`alerts` in .sluice/config.yaml names none.') });
    return { tests: [...(await this.#options.alerts.test(receiver))] };
  };

  'alert/mute': Handlers['alert/mute'] = async ({ queue, forMs }) => {
    this.#options.assertQueue(queue);
    const now = this.#options.clock.now();
    await this.#options.alerts.teller.mute(queue, forMs === undefined ? 'forever' : now + forMs);
    return muteView({ queue, since: now, ...(forMs === undefined ? {} : { until: now + forMs }) });
  };

  'alert/unmute': Handlers['alert/unmute'] = async ({ queue }) => {
    const was = (await this.#options.alerts.teller.mutes()).some((mute) => mute.queue === queue);
    // A queue that is gone can be muted still.
    if (!was) this.#options.assertQueue(queue);
    await this.#options.alerts.teller.mute(queue, undefined);
    return { was };
  };

  /** Rejects where the store can't be read. */
  async receivers(): Promise<readonly AlertReceiverView[]> {
    const now = this.#options.clock.now();
    return (await this.#options.alerts.teller.standing()).map((standing) => receiverView(standing, now));
  }

  /** Receivers that alerts don't reach. Rejects where the store can't be read. */
  async unreached(): Promise<readonly UnreachedReceiver[]> {
    return (await this.receivers()).flatMap(({ name, waiting }) => (waiting?.problem === undefined ? [] : [{ receiver: name, problem: waiting.problem, since: waiting.failingSince ?? waiting.since, count: waiting.count }]));
  }
}

function muteView({ queue, since, until }: Mute): AlertMute {
  return { queue, since: iso(since), ...(until === undefined ? {} : { until: iso(until) }) };
}

function receiverView({ receiver: { target, from, repeatMs, quietHours }, book: { outgoing, past } }: Standing, now: number): AlertReceiverView {
  return {
    name: receiverName(target),
    kind: target.kind,
    from,
    ...(repeatMs === undefined ? {} : { repeatMs }),
    ...(quietHours !== undefined && isQuiet(quietHours, now) ? { quiet: true } : {}),
    ...(outgoing === undefined
      ? {}
      : {
          waiting: {
            count: outgoing.count,
            since: iso(outgoing.madeAt),
            attempts: outgoing.attempts,
            nextAt: iso(outgoing.dueAt),
            ...(outgoing.failure === undefined ? {} : { problem: outgoing.failure.problem, failingSince: iso(outgoing.failure.since) }),
          },
        }),
    past: past.map(({ id, endedAt, items, count, attempts, problem }) => ({
      id,
      at: iso(endedAt),
      items: items.map(({ turn, severity, facts: { queue, kind } }) => ({ turn, queue, kind, severity })),
      count,
      attempts,
      ...(problem === undefined ? {} : { problem }),
    })),
  };
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
