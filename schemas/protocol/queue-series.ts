import { Type, type Static } from 'typebox';
import { TimeSpent } from './queue.ts';
import { Time } from './shape.ts';

/** How finely a series is kept, and for how long; `shownMs`: how much of it is told where nothing is said. */
export const seriesResolutions = {
  '10s': { stepMs: 10_000, keepMs: 24 * 3_600_000, shownMs: 3_600_000 },
  '5min': { stepMs: 300_000, keepMs: 31 * 24 * 3_600_000, shownMs: 24 * 3_600_000 },
} as const;
export type SeriesResolution = keyof typeof seriesResolutions;

/** Points of one answer at most: a day by ten seconds, a month by five minutes. */
export const maxSeriesPoints = 9000;

/** What a queue did in the time that begins at `at` and is one step long. Depths are those at its end. */
export const SeriesPoint = Type.Object({
  at: Time,
  pending: Type.Integer(),
  delayed: Type.Integer(),
  active: Type.Integer(),
  dead: Type.Integer(),
  arrivals: Type.Integer({ description: 'Jobs that were made, or replayed.' }),
  completions: Type.Integer({ description: 'Attempts that ended well.' }),
  failures: Type.Integer({ description: 'Attempts that failed and were charged.' }),
  waiting: Type.Optional(
    Type.Object(TimeSpent.properties, { description: 'From when a job was due until its attempt started; missing where none did.' }),
  ),
  running: Type.Optional(Type.Object(TimeSpent.properties, { description: 'How long the attempts took that ended; missing where none did.' })),
});
export type SeriesPoint = Static<typeof SeriesPoint>;
