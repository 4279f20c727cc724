import { type Static, Type } from 'typebox';
import { Lack } from './queue.ts';
import { AttemptStateShape, JobError, JobId, JobStateShape, RunId, Time } from './shape.ts';

/** A payload that was edited and saved, and that no attempt has used yet: the next replay sends it. */
export const Draft = Type.Object({
  revision: Type.Integer({ description: 'Its revision number. Each save gets a new one.' }),
  savedAt: Time,
  savedBy: Type.Optional(Type.String()),
});
export type Draft = Static<typeof Draft>;

/** What a job waits for that has left its place in the queue. It is `delayed` meanwhile, and doesn't count in its queue's depth. */
export const WaitsFor = Type.Object({
  kind: Type.Enum(['time', 'signal', 'run']),
  signal: Type.Optional(Type.String({ description: 'The name of the signal: `sluice signal RUN NAME` answers it.' })),
  run: Type.Optional(RunId),
  until: Type.Optional(Type.String({ description: 'When the wait ends by itself, as a time; missing if it does not.', maxLength: 40 })),
});
export type WaitsFor = Static<typeof WaitsFor>;

/** A job as lists show it. `--where` sees these fields. */
export const JobSummary = Type.Object({
  id: JobId,
  run: RunId,
  workflow: Type.String(),
  step: Type.String(),
  queue: Type.String(),
  uses: Type.String(),
  state: JobStateShape,
  waitsFor: Type.Optional(WaitsFor),
  daemon: Type.Optional(Type.String({ description: 'Of an active job: the name of the daemon that makes its attempt, as in `daemons` of the status. Omitted if a daemon has its store for itself.' })),
  priority: Type.Integer(),
  createdAt: Time,
  dueAt: Time,
  endedAt: Type.Optional(Time),
  key: Type.Optional(Type.String({ description: "The item's key." })),
  index: Type.Optional(Type.Integer({ description: "The item's place in its foreach, from 0." })),
  page: Type.Optional(Type.Integer({ description: 'The page that it reads, from 1; of a step with `paginate`.' })),
  attemptCount: Type.Integer({ description: 'Attempts made, in all rounds.' }),
  replays: Type.Optional(Type.Integer({ description: 'How many times it was replayed; omitted if never.' })),
  error: Type.Optional(JobError),
  group: Type.Optional(Type.String({ description: 'Of a dead letter: its group, as `dead/groups` counts it.' })),
  draft: Type.Optional(Draft),
  warning: Type.Optional(Type.String({ description: 'A problem of a job that succeeded, such as a recipient who was rejected.' })),
  discardReason: Type.Optional(Type.String({ description: 'Why it was discarded, if somebody gave a reason.' })),
});
export type JobSummary = Static<typeof JobSummary>;

export const AttemptView = Type.Object({
  number: Type.Integer({ description: 'From 1, over all rounds.' }),
  round: Type.Integer({ description: 'From 1; each replay begins a new one.' }),
  revision: Type.Integer({ description: 'Of the payload, from 1.' }),
  state: AttemptStateShape,
  startedAt: Time,
  endedAt: Type.Optional(Time),
  durationMs: Type.Optional(Type.Number()),
  error: Type.Optional(JobError),
  request: Type.Optional(Type.Unknown()),
  response: Type.Optional(Type.Unknown()),
});
export type AttemptView = Static<typeof AttemptView>;

export const RevisionView = Type.Object({
  revision: Type.Integer(),
  createdAt: Time,
  payload: Type.Unknown({ description: 'Secrets are references.' }),
  idempotencyKey: Type.String(),
  draft: Type.Optional(Type.Boolean({ description: '`true`: saved, but not sent yet.' })),
});
export type RevisionView = Static<typeof RevisionView>;

export const JobDetail = Type.Object({
  ...JobSummary.properties,
  payload: Type.Unknown({ description: 'As last sent, or as first made; secrets are references. A draft is in `revisions`.' }),
  item: Type.Optional(Type.Unknown()),
  output: Type.Optional(Type.Unknown()),
  progress: Type.Optional(Type.Unknown({ description: 'What its attempts have achieved so far and will not repeat, such as the recipients who have an e-mail.' })),
  idempotencyKey: Type.String(),
  lack: Type.Optional(Type.Object(Lack.properties, { description: 'What this daemon lacks to start it, see `lacking` of its queue. Omitted if nothing is missing, or the job does not wait.' })),
  revisions: Type.Array(RevisionView, { description: 'Oldest first.' }),
  attempts: Type.Array(AttemptView, { description: 'Oldest first.' }),
});
export type JobDetail = Static<typeof JobDetail>;

/** Dead letters of one queue that failed alike. */
export const DeadGroup = Type.Object({
  queue: Type.String(),
  group: Type.String({
    description:
      'What they have in common: the action, `error.cause`, and the text of the answer, with ids, numbers, times and quoted values masked. Pass it as `group` to `dead/list`, `dead/replay` and `dead/discard`.',
  }),
  uses: Type.String({ description: 'The action.' }),
  title: Type.String({ description: '`group` without the action.' }),
  count: Type.Integer(),
  edited: Type.Optional(Type.Integer({ description: 'How many of them have a draft; omitted if none.' })),
  newestAt: Time,
  newest: JobId,
  oldestAt: Time,
});
export type DeadGroup = Static<typeof DeadGroup>;

/** The parts of a group's text; names of actions have no colon. */
export function readDeadGroup(group: string): Pick<DeadGroup, 'uses' | 'title'> {
  const end = group.indexOf(': ');
  return end === -1 ? { uses: '', title: group } : { uses: group.slice(0, end), title: group.slice(end + 2) };
}

/** Characters of the reason for which something was done. */
export const maxReason = 1000;

/** A dead letter as an export writes it: with the payload that its next replay sends, so that `payload` is the draft's where there is one. */
export function exportedLetter(job: JobDetail): JobDetail {
  const draft = job.revisions.find((revision) => revision.draft === true);
  return draft === undefined ? job : { ...job, payload: draft.payload };
}
