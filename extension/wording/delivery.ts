import type { DeliveryOutcome, DeliverySummary } from '../../schemas/protocol/delivery.ts';
import { deliveryReason, outcomeNames } from '../../schemas/wording/delivery.ts';
import { formatAge, formatNumber, say, textOf } from './language.ts';
import { oneLine } from './outside-text.ts';
import type { StateLook } from './state-look.ts';

/** `started a run · r7 · 3m ago`, `refused · It has no signature: … · 1h ago` */
export function deliveryDescription(delivery: DeliverySummary, nowMs: number): string {
  return partsOf(delivery, nowMs).join(' · ');
}

export function deliveryLabel(delivery: DeliverySummary, nowMs: number): string {
  return [say('delivery {delivery} to {workflow}', { delivery: delivery.id, workflow: delivery.workflow }), ...partsOf(delivery, nowMs)].join(', ');
}

function partsOf(delivery: DeliverySummary, nowMs: number): readonly string[] {
  const reason = reasonText(delivery);
  return [
    textOf(outcomeNames[delivery.outcome]),
    ...(delivery.run === undefined ? [] : [delivery.run]),
    ...(reason === undefined ? [] : [oneLine(reason, 80)]),
    formatAge(delivery.receivedAt, nowMs),
  ];
}

/** `at` writes times: as ages in what is drawn again and again, else as they are. */
export function deliveryFacts(delivery: DeliverySummary, at: (time: string) => string): readonly (readonly [name: string, value: string])[] {
  const { id, workflow, receivedAt, path, outcome, run, rerunOf, bytes } = delivery;
  const reason = reasonText(delivery);
  return [
    [say('Delivery'), say('{delivery} to {workflow}', { delivery: id, workflow })],
    [say('Received'), say('{time} at /hooks/{path}', { time: at(receivedAt), path })],
    [say('Outcome'), textOf(outcomeNames[outcome])],
    ...(reason === undefined ? [] : [[say('Why'), oneLine(reason, 500)] as const]),
    ...(run === undefined ? [] : [[say('Run'), run] as const]),
    [say('Verified'), verifiedText(delivery)],
    ...(rerunOf === undefined ? [] : [[say('Run again'), say('it is {delivery} once more', { delivery: rerunOf })] as const]),
    [say('Size'), say('{bytes} bytes', { bytes: formatNumber(bytes) })],
  ];
}

export function lookOfDelivery(outcome: DeliveryOutcome): StateLook {
  switch (outcome) {
    case 'started':
      return { icon: 'pass', color: 'testing.iconPassed' };
    case 'ignored':
      return { icon: 'debug-step-over', color: 'disabledForeground' };
    case 'duplicate':
      return { icon: 'copy', color: 'disabledForeground' };
    case 'invalid':
      return { icon: 'warning', color: 'list.warningForeground' };
    case 'refused':
      return { icon: 'error', color: 'testing.iconFailed' };
  }
}

function reasonText(delivery: DeliverySummary): string | undefined {
  const reason = deliveryReason(delivery);
  return reason === undefined ? undefined : textOf(reason);
}

function verifiedText({ scheme, outcome }: DeliverySummary): string {
  if (scheme === 'rerun') return say('no: a person ran it again');
  if (scheme === 'none') return say('no: the webhook asks for no proof');
  return outcome === 'refused' ? say('no ({scheme})', { scheme }) : say('yes ({scheme})', { scheme });
}
