import { CodedError } from '../schemas/protocol/error.ts';
import type { JobDetail } from '../schemas/protocol/job.ts';
import type { MethodName, Params, Result } from '../schemas/protocol/method.ts';
import { message, type Message } from '../schemas/wording/message.ts';
import { stateMessage } from '../schemas/wording/state.ts';
import { isJsonObject, isSameJson, type Json, type JsonObject } from '../schemas/workflow/json.ts';

/** A dead letter of an export, with the payload that is in the file. */
export interface DeadLetterEdit {
  readonly id: string;
  readonly payload: JsonObject;
  /** As of the export: tells its job from one of another project that has the same id. */
  readonly idempotencyKey?: string;
  /** As of the export: the revision of the draft, whose payload the export has; undefined if there was none. */
  readonly draftRevision?: number;
}

export type LetterEditsRead = { readonly ok: true; readonly edits: readonly DeadLetterEdit[] } | { readonly ok: false; readonly problems: readonly Message[] };

/** What a file of edits would do. With any problem, nothing is to be done. */
export interface LetterEditPlan {
  readonly edited: readonly DeadLetterEdit[];
  /** Their jobs have that payload. */
  readonly unchanged: readonly DeadLetterEdit[];
  /** Sentences that name the job. */
  readonly problems: readonly Message[];
}

export interface DaemonCalls {
  call<M extends MethodName>(method: M, params: Params<M>): Promise<Result<M>>;
}

/** Asked for at the same time. */
const batchSize = 20;

/**
 * Reads what an export of dead letters wrote, edited since: an array of objects with `id` and `payload`. Everything else in them is left alone, and may
 * be missing.
 */
export function readLetterEdits(value: unknown): LetterEditsRead {
  if (!Array.isArray(value)) return { ok: false, problems: [message('It has to be an array of dead letters, as an export writes it.')] };
  const entries: readonly unknown[] = value;
  const problems: Message[] = [];
  const edits = new Map<string, DeadLetterEdit>();
  for (const [index, entry] of entries.entries()) {
    const number = index + 1;
    if (!isJsonObject(entry) || typeof entry['id'] !== 'string' || !/^j[1-9]\d{0,15}$/.test(entry['id'])) problems.push(message('Entry {number} has no `id` of a job, such as "j40".', { number }));
    else if (edits.has(entry['id'])) problems.push(message('Entry {number}: {job} appears in it twice.', { number, job: entry['id'] }));
    else if (!isJsonObject(entry['payload'])) problems.push(message('Entry {number}: the `payload` of {job} has to be an object.', { number, job: entry['id'] }));
    else {
      const { id, payload, idempotencyKey, draft } = entry;
      edits.set(id, { id, payload, ...(typeof idempotencyKey === 'string' ? { idempotencyKey } : {}), ...(isJsonObject(draft) && typeof draft['revision'] === 'number' ? { draftRevision: draft['revision'] } : {}) });
    }
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, edits: [...edits.values()] };
}

/**
 * Looks at each edit beside its job, and has the daemon check the payload as it checks every edited one; nothing is changed by that.
 *
 * @throws CodedError where the daemon can't be asked
 */
export async function checkDeadLetterEdits(daemon: DaemonCalls, edits: readonly DeadLetterEdit[], onProgress: (looked: number) => void = () => undefined): Promise<LetterEditPlan> {
  const plan = { edited: [] as DeadLetterEdit[], unchanged: [] as DeadLetterEdit[], problems: [] as Message[] };
  for (let from = 0; from < edits.length; from += batchSize) {
    const batch = edits.slice(from, from + batchSize);
    for (const [index, judged] of (await Promise.all(batch.map((edit) => judge(daemon, edit)))).entries()) {
      const edit = batch[index];
      if (typeof judged !== 'string') plan.problems.push(judged);
      else if (edit !== undefined) plan[judged].push(edit);
    }
    onProgress(from + batch.length);
  }
  return plan;
}

async function judge(daemon: DaemonCalls, edit: DeadLetterEdit): Promise<'edited' | 'unchanged' | Message> {
  const { id, payload, idempotencyKey, draftRevision } = edit;
  try {
    const job = await daemon.call('job/get', { id });
    if (!isOfExport(job, idempotencyKey)) return message('{job} is another job here: the file is of another project.', { job: id });
    // Before the other checks: what a command that ended early has replayed is not a problem when it is said again.
    if (isSameJson(job.payload as Json, payload)) return 'unchanged';
    if (idempotencyKey !== undefined && idempotencyKey !== job.idempotencyKey) return message('{job} was edited after it was exported.', { job: id });
    if (job.state !== 'dead') return message('{job} is no longer a dead letter; it is {state}.', { job: id, state: stateMessage(job.state) });
    if (job.draft?.revision !== draftRevision) {
      return job.draft === undefined
        ? message('The edit of {job} that was saved before the export has been dropped since.', { job: id })
        : message('{job} has an edit that was saved after the export: send or drop it first.', { job: id });
    }
    await daemon.call('dead/replay', { ids: [id], payload, dryRun: true });
    return 'edited';
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    switch (error.code) {
      case 'not-found':
        return message('There is no job {job} in this project.', { job: id });
      case 'invalid-params':
      case 'wrong-state':
      case 'too-large':
        return message('{job}: {problem}', { job: id, problem: error.told });
      default:
        throw error;
    }
  }
}

/** Ids count from 1 in every project; keys of a job are its own. */
function isOfExport({ idempotencyKey, revisions }: JobDetail, exported: string | undefined): boolean {
  return exported === undefined || exported === idempotencyKey || revisions.some((revision) => revision.idempotencyKey === exported);
}

/** Those of the jobs that are there, in the order of `ids`; all are asked for at the same time. */
export async function jobsById(daemon: DaemonCalls, ids: readonly string[]): Promise<JobDetail[]> {
  const jobs = await Promise.all(ids.map((id) => jobOrGone(daemon, id)));
  return jobs.filter((job) => job !== undefined);
}

async function jobOrGone(daemon: DaemonCalls, id: string): Promise<JobDetail | undefined> {
  try {
    return await daemon.call('job/get', { id });
  } catch (error) {
    if (error instanceof CodedError && error.code === 'not-found') return undefined;
    throw error;
  }
}
