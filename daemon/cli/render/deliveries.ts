import type { DeliveryDetail, DeliveryOutcome, DeliverySummary } from '../../../schemas/protocol/delivery.ts';
import { deliveryReason, outcomeNames } from '../../../schemas/wording/delivery.ts';
import { english } from '../../../schemas/wording/language.ts';
import type { View } from '../terminal.ts';
import { formatAge, formatBytes, formatJson, formatNumber, formatTime, indent, oneLine } from './format.ts';
import { renderFields, renderTable } from './table.ts';
import { wrap } from './text-width.ts';

/** `sluice deliveries`: newest first. */
export function renderDeliveries(deliveries: readonly DeliverySummary[], { more, filtered }: { readonly more: boolean; readonly filtered: boolean }, view: View): string {
  if (deliveries.length === 0) return filtered ? 'No delivery is like that. `sluice deliveries` without conditions lists all.' : 'No webhook has been received yet. `sluice status` says where the project listens, `sluice trigger WORKFLOW --payload FILE --sign` sends one.';
  const table = renderTable(
    deliveries,
    [
      { title: 'DELIVERY', value: ({ id }) => id },
      { title: 'WORKFLOW', value: ({ workflow }) => workflow, shrinkTo: 10, cut: 'middle' },
      { title: 'RECEIVED', value: ({ receivedAt }) => formatAge(receivedAt, view) },
      { title: 'OUTCOME', value: outcomeText, format: ({ outcome }) => formatOf(outcome) },
      { title: 'RUN', value: ({ run }) => run ?? '-' },
      { title: 'SIZE', value: ({ bytes }) => formatBytes(bytes), align: 'right', dropOrder: 1 },
      { title: 'WHY', value: (delivery) => oneLine(reasonText(delivery)), shrinkTo: 16, dropOrder: 2, blank: '' },
    ],
    view,
  );
  return more ? `${table}\n\nThese are the newest ${formatNumber(deliveries.length)}; --limit shows more.` : table;
}

/** `sluice deliveries show ID`. */
export function renderDelivery(delivery: DeliveryDetail, view: View): string {
  const { id, outcome, run, scheme, query, headers, body } = delivery;
  const reason = reasonText(delivery);
  const parameters = Object.entries(query).map(([name, value]) => `${name}=${typeof value === 'string' ? value : value.join(', ')}`);
  const fields: (readonly [string, string])[] = [
    ['workflow', oneLine(delivery.workflow)],
    ['received', `${formatTime(delivery.receivedAt, view)} (${formatAge(delivery.receivedAt, view)}) at /hooks/${delivery.path}`],
    ['verified', verifiedText(delivery, scheme)],
    ...(run === undefined ? [] : [['run', run] as const]),
    ...(delivery.rerunOf === undefined ? [] : [['again', `of ${delivery.rerunOf}`] as const]),
    ...(delivery.dedupeKey === undefined ? [] : [['event', oneLine(delivery.dedupeKey)] as const]),
    ...(parameters.length === 0 ? [] : [['query', oneLine(parameters.join(' '))] as const]),
    ['size', formatBytes(delivery.bytes)],
  ];
  return [
    `${view.style('bold', id)}  ${view.style(formatOf(outcome), outcomeText(delivery))}`,
    renderFields(fields, view),
    ...(reason === '' ? [] : [wrap(reason, view.width)]),
    `Headers\n${indent(Object.entries(headers).map(([name, value]) => `${name}: ${oneLine(value)}`).join('\n'))}`,
    body === undefined ? 'The body was not kept.' : `Body\n${indent(typeof body === 'string' ? body : formatJson(body))}`,
  ].join('\n\n');
}

function outcomeText({ outcome }: Pick<DeliverySummary, 'outcome'>): string {
  return english.textOf(outcomeNames[outcome]);
}

function reasonText(delivery: DeliverySummary): string {
  const reason = deliveryReason(delivery);
  return reason === undefined ? '' : english.textOf(reason);
}

function verifiedText({ outcome }: DeliverySummary, scheme: string): string {
  if (scheme === 'rerun') return 'a person ran it again';
  if (scheme === 'none') return 'no: the webhook asks for no proof';
  return outcome === 'refused' ? `no (${scheme})` : `yes (${scheme})`;
}

function formatOf(outcome: DeliveryOutcome): 'green' | 'red' | 'yellow' | 'dim' {
  switch (outcome) {
    case 'started':
      return 'green';
    case 'invalid':
    case 'refused':
      return 'red';
    case 'ignored':
    case 'duplicate':
      return 'dim';
  }
}
