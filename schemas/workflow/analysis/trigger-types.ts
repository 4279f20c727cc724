import { triggerKinds, type TriggerKind } from '../../protocol/trigger.ts';
import { textOf, textType, unknownType, type ExpressionField, type ExpressionType } from '../expression/type.ts';

const kindsText = triggerKinds.map((kind) => `\`${kind}\``).join(', ');

/** What each kind has besides `kind` and `at`. */
const fields: Readonly<Record<TriggerKind, Readonly<Record<string, Omit<ExpressionField, 'required'>>>>> = {
  manual: {},
  schedule: {
    scheduledAt: { type: textType, description: 'The time of the schedule: ISO 8601, in UTC. The run may have started later.', examples: ['2025-03-03T08:00:00.000Z'] },
  },
  webhook: {
    id: { type: textType, description: 'The delivery, as `sluice deliveries` lists it.', examples: ['d12'] },
    body: { type: unknownType, description: 'What was sent: parsed where it is JSON or a form, else its text.' },
    headers: { type: { kind: 'map', fields: new Map(), rest: textType }, description: 'The headers, their names in lower case.' },
    query: { type: { kind: 'map', fields: new Map(), rest: unknownType }, description: 'The parameters of the URL.' },
  },
  workflow: {
    id: { type: textType, description: 'The run whose step started this one.', examples: ['r12'] },
  },
};

/** The type of `trigger` where these kinds can have started a run. A field is always there only if all of them have it. */
export function triggerType(kinds: readonly TriggerKind[]): ExpressionType {
  const found = new Map<string, ExpressionField>([
    ['kind', { type: textOf(triggerKinds), required: true, description: `What started the run: ${kindsText}.` }],
    ['at', { type: textType, required: true, description: 'When it came: ISO 8601, in UTC.', examples: ['2025-03-03T08:00:00.412Z'] }],
  ]);
  for (const kind of kinds) for (const [name, field] of Object.entries(fields[kind])) found.set(name, { ...field, required: kinds.every((other) => Object.hasOwn(fields[other], name)) });
  return { kind: 'map', fields: found };
}
