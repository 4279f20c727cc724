import type { AlertSeverity } from './alert.ts';
import type { Template } from './template.ts';

/** How an alert is written into a webhook's body. `slack`: `text`, as Slack, Mattermost and Rocket.Chat take it; `teams`: an adaptive card; `json`: figures for programs. */
export const alertFormats = ['slack', 'teams', 'json'] as const;
export type AlertFormat = (typeof alertFormats)[number];

/** Who is told of alerts: an entry of `alerts` in `config.yaml`. */
export interface AlertReceiver {
  readonly target: AlertTarget;
  /** Alerts of this severity and above. */
  readonly from: AlertSeverity;
  /** How often an alert that lasts is told again, in milliseconds; left out, never. */
  readonly repeatMs?: number;
  readonly quietHours?: QuietHours;
}

export type AlertTarget =
  /** `format`: left out, the URL's host says. */
  | { readonly kind: 'webhook'; readonly url: Template; readonly format?: AlertFormat }
  /** `connection`: an SMTP connection of `connections.yaml`. */
  | { readonly kind: 'email'; readonly to: readonly string[]; readonly connection: string };

/** A time of each day at which nothing is told, in minutes since midnight. It passes midnight where `fromMinute` is the greater one. */
export interface QuietHours {
  readonly fromMinute: number;
  readonly toMinute: number;
  /** IANA name. */
  readonly timeZone: string;
}

/** The shortest `repeat`: whoever is told more often doesn't read it any longer. */
export const shortestRepeatMs = 60_000;

/** Hosts whose webhooks take a form of their own, by the end of their names. */
const formatsByHost: readonly (readonly [end: string, format: AlertFormat])[] = [
  ['slack.com', 'slack'],
  ['slack-gov.com', 'slack'],
  ['webhook.office.com', 'teams'],
  ['logic.azure.com', 'teams'],
  ['api.powerplatform.com', 'teams'],
  ['api.powerautomate.com', 'teams'],
];

/** The form that the webhooks of a host take; `json` if it isn't known. */
export function formatOfHost(host: string): AlertFormat {
  const name = host.toLowerCase();
  return formatsByHost.find(([end]) => name === end || name.endsWith(`.${end}`))?.[1] ?? 'json';
}

/** `22:30` gives 1350; undefined for anything that is no time of day. */
export function parseTimeOfDay(text: string): number | undefined {
  const [, hour, minute] = /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(text) ?? [];
  return hour === undefined ? undefined : Number(hour) * 60 + Number(minute);
}
