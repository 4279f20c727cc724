import type { DeliveryDetail } from '../../schemas/protocol/delivery.ts';
import type { AttemptView, JobDetail } from '../../schemas/protocol/job.ts';
import type { RunDetail, RunSummary } from '../../schemas/protocol/run.ts';
import type { JobError } from '../../schemas/protocol/shape.ts';
import { isExactNumber } from '../../schemas/workflow/exact-json.ts';
import { isJsonObject, type Json } from '../../schemas/workflow/json.ts';
import { formatStamp } from '../../schemas/wording/amount.ts';
import { deliveryFacts } from '../wording/delivery.ts';
import { attemptDescription, jobFacts } from '../wording/job.ts';
import { runFacts } from '../wording/run.ts';
import { say, toldText } from '../wording/language.ts';

/** Of a body that is read as JSON, in characters; records are shorter. */
const maxReadable = 65_536;

/**
 * Documents are JSON with comments: a summary in words on top, then all that the daemon tells, in the order in which a person looks for
 * it. It folds, searches and copies like any JSON, and no reader of it has to be written.
 */

/** `childRuns`: the first of those that its steps have started. */
export function runText(run: RunDetail, childRuns: readonly RunSummary[] = []): string {
  const { id, workflow, state, trigger, error, createdAt, endedAt, jobs, children, inputs, steps, ...rest } = run;
  return withHead(runFacts(run, formatStamp), {
    id,
    workflow,
    state,
    ...(error === undefined ? {} : { error }),
    trigger,
    createdAt,
    ...(endedAt === undefined ? {} : { endedAt }),
    jobs,
    ...(children === undefined ? {} : { children }),
    ...(childRuns.length === 0 ? {} : { childRuns: childRuns.map((child) => ({ id: child.id, state: child.state, ...(child.trigger.key === undefined ? {} : { key: child.trigger.key }), ...(child.error === undefined ? {} : { error: toldText(child.error) }) })) }),
    inputs,
    steps,
    ...rest,
  });
}

export function jobText(job: JobDetail): string {
  const { id, run, workflow, step, queue, state, discardReason, error, warning, progress, draft, payload, output, attempts, revisions, ...rest } = job;
  return withHead(jobFacts(job, (time) => formatStamp(time)), {
    id,
    run,
    workflow,
    step,
    queue,
    state,
    ...(discardReason === undefined ? {} : { discardReason }),
    ...(error === undefined ? {} : { error }),
    ...(warning === undefined ? {} : { warning }),
    ...(progress === undefined ? {} : { progress }),
    ...(draft === undefined ? {} : { draft }),
    payload,
    ...(output === undefined ? {} : { output }),
    ...rest,
    attempts: attempts.toReversed().map(readableAttempt),
    revisions,
  });
}

/** Why it failed, when it was, what was sent and what came back: in the order in which they are asked. Bodies that are JSON stand as JSON. */
export function attemptText(job: JobDetail, attempt: AttemptView): string {
  const { error, number } = attempt;
  const head: (readonly [string, string])[] = [
    [say('Job'), `${job.id}, ${job.workflow}/${job.step}`],
    [say('Attempt'), say('{number} of {count}', { number, count: job.attempts.length })],
    [say('Result'), attemptDescription(attempt)],
    ...(error === undefined ? [] : [[say('Error'), error.message] as const]),
  ];
  return withHead(head, { job: job.id, ...readableAttempt(attempt) });
}

function readableAttempt({ error, state, number, round, revision, startedAt, endedAt, durationMs, request, response, ...rest }: AttemptView): AttemptView {
  return {
    ...(error === undefined ? {} : { error: readableError(error) }),
    state,
    startedAt,
    ...(endedAt === undefined ? {} : { endedAt }),
    ...(durationMs === undefined ? {} : { durationMs }),
    number,
    round,
    revision,
    ...(request === undefined ? {} : { request: readableRecord(request) }),
    ...(response === undefined ? {} : { response: readableRecord(response) }),
    ...rest,
  };
}

function readableError({ cause, message, wording, status, ...rest }: JobError): JobError {
  return { cause, message: toldText({ message, wording }), ...(status === undefined ? {} : { status }), ...rest };
}

/** Headers last: they are long, and rarely what is looked for. A record that was cut in its body is no longer JSON, and stays text. */
function readableRecord(record: unknown): unknown {
  if (!isJsonObject(record)) return record;
  const { headers, body, ...rest } = record;
  return {
    ...rest,
    ...(body === undefined ? {} : { body: typeof body === 'string' ? readableBody(body) : body }),
    ...(headers === undefined ? {} : { headers }),
  };
}

/** As it is where JSON would lose something of it: digits of a long number, a key that is there twice. */
function readableBody(text: string): Json {
  if (!/^\s*[[{]/.test(text) || text.length > maxReadable) return text;
  try {
    const value = JSON.parse(text) as Json;
    return JSON.stringify(value) === normalJson(text) ? value : text;
  } catch {
    return text;
  }
}

/** Written as `JSON.stringify` writes it, word by word. Numbers that a double can't hold stay as they are. */
function normalJson(json: string): string {
  return json.replace(/("(?:[^"\\]|\\.)*")|(-?\d[\d.eE+-]*)|\s+/g, (_, text: string | undefined, number: string | undefined) => {
    if (text !== undefined) return JSON.stringify(JSON.parse(text));
    return number === undefined ? '' : isExactNumber(number) ? JSON.stringify(JSON.parse(number)) : number;
  });
}

/** What became of it, then what was sent. */
export function deliveryText(delivery: DeliveryDetail): string {
  const { id, workflow, path, receivedAt, outcome, run, body, query, headers, ...rest } = delivery;
  return withHead(deliveryFacts(delivery, formatStamp), {
    id,
    workflow,
    path,
    receivedAt,
    outcome,
    ...(run === undefined ? {} : { run }),
    ...rest,
    ...(body === undefined ? {} : { body }),
    query,
    headers,
  });
}

/** The payload alone, as it is edited. */
export function payloadText(payload: unknown): string {
  return `${JSON.stringify(payload, null, 2)}\n`;
}

function withHead(facts: readonly (readonly [name: string, value: string])[], value: unknown): string {
  const head = facts.map(([name, text]) => `// ${name}: ${text}`.replace(/\s+/g, ' '));
  return `${head.join('\n')}\n${JSON.stringify(value, null, 2)}\n`;
}

/** A run or a job that a document names, and where. */
export interface NamedThing {
  /** Offset of the name's first character. */
  readonly start: number;
  readonly end: number;
  readonly id: string;
}

/** Members whose values are the daemon's own, at any depth. */
const linked: ReadonlySet<string> = new Set(['run', 'job', 'trigger', 'waits', 'waitsFor', 'childRuns']);

/** Values of `"run"`, `"job"` and `"id"`, but not what is in payloads under such a name by chance. */
export function namedThings(text: string): readonly NamedThing[] {
  const members = /^ {2}"uses": "workflow\/run"/m.test(text) ? new Set([...linked, 'attempts']) : linked;
  let member = '';
  return [...text.matchAll(/^( +)"(\w+)": (?:"([rj][1-9]\d{0,15})",?$)?/gm)].flatMap((match) => {
    const [whole, indent = '', name = '', id] = match;
    if (indent.length === 2) member = name;
    if (id === undefined || !members.has(member) || !(name === 'run' || name === 'job' || (name === 'id' && member === 'childRuns'))) return [];
    const start = match.index + whole.lastIndexOf(id);
    return [{ start, end: start + id.length, id }];
  });
}
