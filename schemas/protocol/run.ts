import { Type, type Static } from 'typebox';
import { JobCounts, JobError, RunId, RunStateShape, StepStateShape, Time } from './shape.ts';

/** A run as lists show it. */
export const RunSummary = Type.Object({
  id: RunId,
  workflow: Type.String({ description: "The workflow's id: its file's name." }),
  version: Type.String({ description: 'Content hash of the workflow that the run keeps.' }),
  state: RunStateShape,
  createdAt: Time,
  endedAt: Type.Optional(Time),
  /** True while on-failure steps still go on, after the run itself has failed. */
  closing: Type.Boolean({ description: 'Steps of `on-failure` still go on.' }),
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

export const RunDetail = Type.Object({
  ...RunSummary.properties,
  inputs: Type.Unknown({ description: 'As the run was started; `null` where they are larger than 64 KiB.' }),
  inputBytes: Type.Integer(),
  steps: Type.Array(StepView),
});
export type RunDetail = Static<typeof RunDetail>;
