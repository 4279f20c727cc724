import { CodedError } from '../../schemas/protocol/error.ts';
import { formatJobId } from '../../schemas/protocol/id.ts';
import { message, type Message } from '../../schemas/wording/message.ts';
import { stateMessage } from '../../schemas/wording/state.ts';
import { secretName, signalName } from '../../schemas/workflow/expression/expression.ts';
import type { Json } from '../../schemas/workflow/json.ts';
import { parseTemplate, type SecretUse, type Template } from '../../schemas/workflow/template.ts';
import type { Book } from './book.ts';
import { connectionIn } from './connection-limits.ts';
import type { DropDraftParams, SaveDraftParams } from './dead-letter-call.ts';
import type { DraftRow, JobRow, LedgerJob } from './row.ts';

/**
 * Keeps an edited payload beside the one that was sent; the next replay sends it. It takes the place of a draft that is there. Each save has a
 * revision number of its own, which is never given twice, so that anyone who edited an earlier one can be told.
 */
export function saveDraft(book: Book, { jobId, payload, baseRevision, savedBy, now }: SaveDraftParams): { readonly revision: number } {
  const job = existing(book, jobId);
  if (job.state !== 'dead') throw new CodedError('wrong-state', message('The job {job} is not a dead letter; it is {state}.', { job: formatJobId(jobId), state: stateMessage(job.state) }));
  refuseOtherBase(job, book.fact('draft', jobId), baseRevision);
  const revision = nextRevision(job);
  book.insert('payload_drafts', { job_id: jobId, revision, saved_at: now, saved_by: savedBy ?? null, payload }, 'replace');
  touch(book, job);
  book.patchJob(job, { last_revision: revision });
  return { revision };
}

/** The payload that was sent counts again. In any state of the job: one that was replayed with its original keeps its draft. */
export function dropDraft(book: Book, { jobId, baseRevision }: DropDraftParams): { readonly dropped: boolean } {
  const job = existing(book, jobId);
  const draft = book.fact('draft', jobId);
  refuseOtherBase(job, draft, baseRevision);
  if (draft === undefined) return { dropped: false };
  touch(book, job);
  book.write({ kind: 'delete_draft', jobId });
  return { dropped: true };
}

/** The number of the next revision of a job's payload. */
export function nextRevision({ revision, last_revision: last }: LedgerJob): number {
  return Math.max(revision, last ?? 0) + 1;
}

/** The job's payload is this one from now on; the one before stays as a revision. Returns what its row takes. */
export function revise(book: Book, job: LedgerJob, { revision, payload, now }: { readonly revision: number; readonly payload: string; readonly now: number }): Partial<JobRow> {
  const before = book.fact('payload', job.id);
  const secrets = before.secrets === null ? [] : revisedSecrets(JSON.parse(before.secrets) as SecretUse[], JSON.parse(payload) as Json);
  book.insert('payload_revisions', { job_id: job.id, revision: job.revision, payload: before.payload, created_at: before.created_at, secrets: before.secrets });
  book.write({ kind: 'patch', table: 'payloads', id: job.id, values: { payload, secrets: secrets.length === 0 ? null : JSON.stringify(secrets), created_at: now } });
  return { revision, last_revision: Math.max(job.last_revision ?? 0, revision), connection: connectionIn(book.fact('stepInfo', job.step_id).uses, JSON.parse(payload)) };
}

function existing(book: Book, jobId: number): LedgerJob {
  const job = book.job(jobId);
  if (job === undefined) throw new CodedError('not-found', message('There is no job {job}.', { job: formatJobId(jobId) }));
  return job;
}

function refuseOtherBase(job: LedgerJob, draft: DraftRow | undefined, baseRevision: number | undefined): void {
  const newest = draft?.revision ?? job.revision;
  if (baseRevision === undefined || baseRevision === newest) return;
  const by = draft?.saved_by ?? undefined;
  throw new CodedError('conflict', changedMessage(formatJobId(job.id), draft), { revision: newest, ...(by === undefined ? {} : { by }) });
}

function changedMessage(job: string, draft: DraftRow | undefined): Message {
  if (draft === undefined) return message('The payload of {job} has changed since it was opened: its edit was dropped, or sent.', { job });
  if (draft.saved_by === null) return message('The payload of {job} has changed since it was opened: another edit of it was saved.', { job });
  return message('The payload of {job} has changed since it was opened: another edit of it was saved by {person}.', { job, person: draft.saved_by });
}

function touch(book: Book, { queue_id, step_id }: LedgerJob): void {
  book.effects.touchQueue(queue_id);
  book.effects.touchRun(book.runOf(step_id));
}

/**
 * Which places of an edited payload hold secrets and links: those that did before, where they still hold references. Any other text
 * stays text, since an item may have brought `${{ secrets.X }}` along, and an edit elsewhere must not make it come true. Links are those that the job has
 * already: each was stored when the job was made.
 */
function revisedSecrets(before: readonly SecretUse[], payload: Json): readonly SecretUse[] {
  const links = new Set(before.flatMap(({ parts }) => parts.flatMap((part) => (typeof part === 'object' && 'signal' in part ? [part.signal] : []))));
  return before.flatMap(({ path }) => {
    const text = valueAt(payload, path);
    const parsed = typeof text === 'string' ? parseTemplate(text) : undefined;
    const parts = parsed?.ok === true ? partsOf(parsed.template, links) : undefined;
    return parts === undefined ? [] : [{ path, parts }];
  });
}

function valueAt(value: Json, path: SecretUse['path']): Json | undefined {
  let at: Json | undefined = value;
  for (const key of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined;
    at = (at as Readonly<Record<string | number, Json>>)[key];
  }
  return at;
}

/** Undefined if anything but texts, secrets and these links is in it: an edit is no place to compute. */
function partsOf(template: Template, links: ReadonlySet<string>): SecretUse['parts'] | undefined {
  const parts = template.kind === 'text' ? template.parts : template.kind === 'expression' ? [template.expression] : [];
  const uses = parts.flatMap((part): SecretUse['parts'] => {
    if (typeof part === 'string') return [part];
    const secret = secretName(part);
    if (secret !== undefined) return [{ secret }];
    const signal = signalName(part, {});
    return signal?.ok === true && typeof signal.value === 'string' && links.has(signal.value) ? [{ signal: signal.value }] : [];
  });
  return uses.length === parts.length && uses.length > 0 ? uses : undefined;
}
