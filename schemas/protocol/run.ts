import { type Static, Type } from 'typebox';
import { delimiterPattern, textEncodings } from '../workflow/csv-format.ts';
import { WaitsFor } from './job.ts';
import { Forecast, RateShape } from './queue.ts';
import { JobCounts, JobError, JobId, Name, RunId, RunStateShape, StepStateShape, Time, Wording } from './shape.ts';
import { RunTrigger } from './trigger.ts';

/** Runs that steps of a run have started, by their state. Those of which they started others in turn are not in it. */
export const ChildRunCounts = Type.Object({
  total: Type.Integer(),
  running: Type.Integer(),
  succeeded: Type.Integer(),
  failed: Type.Integer(),
  cancelled: Type.Integer(),
});
export type ChildRunCounts = Static<typeof ChildRunCounts>;

/** A run as lists show it. */
export const RunSummary = Type.Object({
  id: RunId,
  workflow: Type.String({ description: "The workflow's id: its file's name." }),
  version: Type.String({ description: 'Content hash of the workflow that the run keeps.' }),
  state: RunStateShape,
  trigger: RunTrigger,
  createdAt: Time,
  endedAt: Type.Optional(Time),
  /** True while on-failure steps still continue, after the run itself has failed. */
  closing: Type.Boolean({ description: 'Steps of `on-failure` are still running.' }),
  queued: Type.Optional(Type.Boolean({ description: 'It waits for other runs of its workflow with the same `concurrency` key to end; otherwise omitted.' })),
  concurrencyKey: Type.Optional(Type.String({ description: 'The `concurrency` key; empty if all runs of the workflow count together.' })),
  heldAfter: Type.Optional(Type.Integer({ description: 'Only this many items of each `foreach` are jobs; the others wait for `run/continue`.' })),
  error: Type.Optional(Type.Object({ step: Type.Optional(Type.String()), message: Type.String(), wording: Wording })),
  jobs: JobCounts,
  children: Type.Optional(Type.Object(ChildRunCounts.properties, { description: 'Runs that its steps have started and that are still kept; omitted if none. `run/list` with `parent` lists them.' })),
  duplicates: Type.Integer({ description: 'Items of its steps that were skipped because an earlier one has the same key.' }),
  warnings: Type.Integer({ description: 'Jobs that succeeded with a `warning`.' }),
});
export type RunSummary = Static<typeof RunSummary>;

/** What a file of items turned out to be. */
export const FoundItems = Type.Object({
  encoding: Type.Enum([...textEncodings], { description: "The file's encoding: that of its byte order mark, or the one that is said, or UTF-8." }),
  delimiter: Type.Optional(Type.String({ description: 'What separates the fields of a CSV; one character.' })),
  columns: Type.Optional(Type.Array(Type.String(), { description: 'The headings of a CSV: 200 at most.' })),
  items: Type.Integer({ description: 'Its rows, lines or elements.' }),
});
export type FoundItems = Static<typeof FoundItems>;

export const StepView = Type.Object({
  id: Type.String(),
  state: StepStateShape,
  onFailure: Type.Boolean({ description: 'It is a step of `on-failure`.' }),
  queue: Type.String(),
  uses: Type.String(),
  foreach: Type.Boolean(),
  expanded: Type.Boolean({ description: 'All its items, or its pages, are known; until then, `jobs.total` grows.' }),
  pages: Type.Optional(
    Type.Object(
      { read: Type.Integer(), items: Type.Integer({ description: 'Those of the pages that were read.' }), complete: Type.Optional(Type.Boolean({ description: 'Whether the last page was read; false if `max-pages` ended it before. Omitted while that is not known.' })) },
      { description: 'Of a step with `paginate`.' },
    ),
  ),
  file: Type.Optional(Type.String({ description: "The file of its items, relative to the project's folder." })),
  found: Type.Optional(Type.Object(FoundItems.properties, { description: 'What that file turned out to be, as soon as all of it is read.' })),
  duplicates: Type.Integer({ description: 'Items that were skipped because an earlier one has the same key.' }),
  warnings: Type.Integer({ description: 'Jobs that succeeded with a `warning`.' }),
  startedAt: Type.Optional(Time),
  endedAt: Type.Optional(Time),
  error: Type.Optional(JobError),
  jobs: JobCounts,
});
export type StepView = Static<typeof StepView>;

/** Answers that a run shows. */
export const maxShownAnswers = 100;
/** Waits that a run shows. */
export const maxShownWaits = 20;

export const RunDetail = Type.Object({
  ...RunSummary.properties,
  inputs: Type.Unknown({ description: 'As the run was started; `null` if larger than 64 KiB.' }),
  inputBytes: Type.Integer(),
  answers: Type.Optional(
    Type.Array(Type.Object({ signal: Type.String(), by: Type.String({ description: '`the link of j12`: by a link, which that job carried.' }), at: Time }), {
      description: `The answers to signals that the run has got, the oldest first: ${maxShownAnswers} at most. Omitted if there are none.`,
    }),
  ),
  waits: Type.Optional(
    Type.Array(Type.Object({ job: JobId, step: Type.String(), ...WaitsFor.properties }), { description: `What its jobs wait for outside of their queues: the first ${maxShownWaits}, those that end soonest first, and those for runs last. Omitted if there are none.` }),
  ),
  vars: Type.Optional(Type.Unknown({ description: 'The values of `vars`; `null` if larger than 64 KiB.' })),
  outputs: Type.Optional(Type.Unknown({ description: 'The outputs of a run that has succeeded; `null` if larger than 64 KiB.' })),
  steps: Type.Array(StepView),
});
export type RunDetail = Static<typeof RunDetail>;

/** Items whose keys are compared; more are only counted. */
export const maxComparedKeys = 250_000;

/** What a step that starts together with its run would do. */
export const StepPreview = Type.Object({
  step: Type.String(),
  uses: Type.String(),
  skipped: Type.Boolean({ description: 'Its `if` is false for these inputs.' }),
  foreach: Type.Boolean(),
  pages: Type.Optional(Type.Boolean({ description: 'It reads pages: further jobs follow the first one, and how many is known only then. Omitted if it does not.' })),
  jobs: Type.Integer({ description: 'Jobs that it would make.' }),
  found: Type.Optional(Type.Object(FoundItems.properties, { description: 'What the file of its items turned out to be.' })),
  duplicates: Type.Integer({ description: `Items left out because an earlier one has the same key; compared among the first ${maxComparedKeys} items.` }),
  duplicateKeys: Type.Array(Type.String(), { description: 'Keys of the first five of them.' }),
  unusable: Type.Integer({ description: 'Items whose key or payload can not be made: each becomes a dead letter. Payloads are rendered for the first item only.' }),
  first: Type.Optional(
    Type.Object(
      {
        key: Type.Optional(Type.String()),
        payload: Type.Optional(Type.Unknown({ description: 'As it would be sent, with secrets as references; missing if it is larger than 256 KiB.' })),
        size: Type.Optional(Type.Integer({ description: 'Of a payload that is too large: characters of its JSON.' })),
        problem: Type.Optional(Type.String({ description: 'Why it can not be rendered.' })),
      },
      { description: 'Its first job.' },
    ),
  ),
  problem: Type.Optional(Type.String({ description: 'Why the step would fail at its start: its items can not be read, or its `if` can not be decided.' })),
  queue: Type.String(),
  rate: Type.Optional({ ...RateShape, description: 'Of several, the first.' }),
  rates: Type.Optional(Type.Array(RateShape, { description: 'Present if several hold together: all of them.' })),
  concurrency: Type.Integer(),
  paused: Type.Boolean(),
  ahead: Type.Integer({ description: 'Jobs that wait in its queue already.' }),
  forecast: Type.Object(Forecast.properties, { description: 'Of its queue, as soon as the jobs of the run are in it.' }),
});
export type StepPreview = Static<typeof StepPreview>;

/** What `concurrency` of a workflow would say to one more run, as things are now. */
export const ConcurrencyPreview = Type.Object({
  then: Type.Enum(['starts', 'queued', 'skipped', 'cancels'], { description: '`queued`: it would wait for others to end; `skipped`: nothing would be started; `cancels`: the oldest would be cancelled for it.' }),
  limit: Type.Integer(),
  underWay: Type.Integer({ description: 'Runs with the same key that are under way.' }),
  waiting: Type.Integer({ description: 'Those that wait already.' }),
  runs: Type.Array(RunId, { description: 'The first five of them, or of those that would be cancelled.' }),
});
export type ConcurrencyPreview = Static<typeof ConcurrencyPreview>;

/** What a run would do, without doing any of it. */
export const RunPreview = Type.Object({
  steps: Type.Array(StepPreview, { description: 'Those that start together with the run.' }),
  concurrency: Type.Optional(Type.Object(ConcurrencyPreview.properties, { description: 'What `concurrency` of the workflow would say; omitted if it has none.' })),
  files: Type.Optional(Type.Record(Type.String(), Type.Object(FoundItems.properties), { description: 'What the files of inputs turned out to be that are read as lists, by the names of the inputs; omitted if there are none.' })),
  later: Type.Array(Type.String(), { description: 'Ids of the steps that need others first: what they will do depends on how those end.' }),
});
export type RunPreview = Static<typeof RunPreview>;

/** What a run is started with. */
export const runInputs = {
  workflow: Name,
  inputs: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  inputFiles: Type.Optional(
    Type.Record(Type.String(), Type.String({ maxLength: 4096 }), {
      description: 'Inputs read from absolute paths of this machine: .json, .jsonl, .csv (a list of rows), else text.',
    }),
  ),
  csv: Type.Optional(
    Type.Object(
      {
        delimiter: Type.Optional(Type.String({ pattern: delimiterPattern, description: 'What separates fields: `tab`, or one character.' })),
        encoding: Type.Optional(Type.Enum([...textEncodings])),
      },
      { additionalProperties: false, description: 'How `.csv` files of `inputFiles` are read; what is omitted is found in each file.' },
    ),
  ),
};
