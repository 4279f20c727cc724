import { Type, type Static } from 'typebox';
import { Name, Time } from './shape.ts';

export const RateShape = Type.Object({ limit: Type.Integer(), perMs: Type.Number(), burst: Type.Integer() });

/** What a person set while the daemon ran; wins over the file until it is taken back. */
export const QueueOverrides = Type.Object({
  paused: Type.Boolean(),
  rate: Type.Optional(Type.Union([RateShape, Type.Null()], { description: '`null`: no limit.' })),
  concurrency: Type.Optional(Type.Integer()),
});
export type QueueOverrides = Static<typeof QueueOverrides>;

export const QueueView = Type.Object({
  name: Name,
  declaredIn: Type.Optional(Type.String({ description: 'The file; missing for `default` and for queues that only old runs know.' })),
  paused: Type.Boolean(),
  rate: Type.Optional(RateShape),
  concurrency: Type.Integer(),
  overrides: QueueOverrides,
  depth: Type.Object({
    pending: Type.Integer(),
    delayed: Type.Integer(),
    active: Type.Integer(),
    dead: Type.Integer(),
  }),
  maxDepth: Type.Optional(Type.Integer()),
  rateUsed: Type.Optional(Type.Integer({ description: 'Starts within the window that ends now.' })),
  heldUntil: Type.Optional(Time),
  nextStartAt: Type.Optional(Time),
  throughputPerMinute: Type.Number({ description: 'Attempts ended well over the last five minutes, per minute.' }),
  failureRate: Type.Number({ description: '0..1 of the attempts ended over the last five minutes.' }),
  oldestPendingAt: Type.Optional(Time),
  drainMs: Type.Optional(Type.Number({ description: 'Until what waits now has started, at the present rate; missing where that is unknown.' })),
});
export type QueueView = Static<typeof QueueView>;
