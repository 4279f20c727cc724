import { type Static, Type } from 'typebox';
import { WaitsFor } from './job.ts';
import { Forecast, RateShape } from './queue.ts';
import { JobCounts, JobError, JobId, Name, RunId, RunStateShape, StepStateShape, Time } from './shape.ts';
import { RunTrigger } from './trigger.ts';

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
  queued: Type.Optional(Type.Boolean({ description: 'It waits for other runs of its workflow with the same key of `concurrency` to end; missing: it doesn\'t.' })),
  concurrencyKey: Type.Optional(Type.String({ description: 'The key of `concurrency`; empty if all runs of the workflow count together.' })),
  heldAfter: Type.Optional(Type.Integer({ description: 'The first items of each `foreach` are jobs, this many; the others wait for `run/continue`.' })),
  error: Type.Optional(Type.Object({ step: Type.Optional(Type.String()), message: Type.String() })),
  jobs: JobCounts,
  duplicates: Type.Integer({ description: 'Items of its steps that were left out because an earlier one has the same key.' }),
  warnings: Type.Integer({ description: 'Jobs that succeeded, and have a `warning` all the same.' }),
});
export type RunSummary = Static<typeof RunSummary>;

export const StepView = Type.Object({
  id: Type.String(),
  state: StepStateShape,
  onFailure: Type.Boolean({ description: 'It stands under `on-failure`.' }),
  queue: Type.String(),
  uses: Type.String(),
  foreach: Type.Boolean(),
  expanded: Type.Boolean({ description: 'All its items are known; before, `jobs.total` still grows.' }),
  duplicates: Type.Integer({ description: 'Items left out because an earlier one has the same key.' }),
  warnings: Type.Integer({ description: 'Jobs that succeeded, and have a `warning` all the same.' }),
  startedAt: Type.Optional(Time),
  endedAt: Type.Optional(Time),
  error: Type.Optional(JobError),
  jobs: JobCounts,
});
export type StepView = Static<typeof StepView>;

/** Waits that a run shows. */
export const maxShownWaits = 20;

export const RunDetail = Type.Object({
  ...RunSummary.properties,
  inputs: Type.Unknown({ description: 'As the run was started; `null` where they are larger than 64 KiB.' }),
  inputBytes: Type.Integer(),
  waits: Type.Optional(
    Type.Array(Type.Object({ job: JobId, step: Type.String(), ...WaitsFor.properties }), { description: `What its jobs wait for that have left their queues: the first ${maxShownWaits}, those that end soonest first. Left out where there is none.` }),
  ),
  vars: Type.Optional(Type.Unknown({ description: 'The values of `vars`; `null` where they are larger than 64 KiB.' })),
  outputs: Type.Optional(Type.Unknown({ description: 'What a run that has succeeded gives; `null` where it is larger than 64 KiB.' })),
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
  jobs: Type.Integer({ description: 'Jobs that it would make.' }),
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
  rate: Type.Optional(RateShape),
  concurrency: Type.Integer(),
  paused: Type.Boolean(),
  ahead: Type.Integer({ description: 'Jobs that wait in its queue already.' }),
  forecast: Type.Object(Forecast.properties, { description: 'Of its queue, as soon as the jobs of the run are in it.' }),
});
export type StepPreview = Static<typeof StepPreview>;

/** What a run would do, without doing any of it. */
export const RunPreview = Type.Object({
  steps: Type.Array(StepPreview, { description: 'Those that start together with the run.' }),
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
};
