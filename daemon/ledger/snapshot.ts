import type { Json, JsonObject } from '../../schemas/workflow/json.ts';
import type { QueueDefinition, Workflow } from '../../schemas/workflow/model.ts';
import type { CreateRunParams, FanOutProgress } from './call.ts';
import { soleDaemon } from './daemons.ts';
import type { SharedStart } from '../core/rate-window.ts';
import type { ConnectionLimits } from './connection-limits.ts';
import type { DeliveryKeyRow } from './delivery.ts';
import type { AttemptRow, BulkRow, Cascade, DraftRow, JobRow, LedgerJob, PayloadRow, QueueRow, RevisionRow, RunRow, ScheduleRow, SignalLinkRow, SignalRow, StepRow, WaitRow } from './row.ts';

/** What never changes of a step. */
export interface StepInfo {
  readonly runId: number;
  readonly name: string;
  readonly uses: string;
  readonly version: string;
}

/** A run with all of its steps, in their order. */
export interface RunFacts {
  readonly run: RunRow;
  readonly steps: readonly StepRow[];
}

export interface QueueFacts {
  readonly id: number;
  readonly name: string;
  /** The limits that hold; just the name if nothing has been declared. */
  readonly definition: QueueDefinition;
  readonly pending: number;
  readonly delayed: number;
}

/** A pending job with all that its attempt needs. */
export type DueJob = LedgerJob & {
  readonly created_at: number;
  readonly progress: string | null;
  readonly connection: string | null;
  readonly payload: string;
  readonly secrets: string | null;
};

export type ItemFacts = Pick<JobRow, 'item_index' | 'item_key'> & Pick<PayloadRow, 'item'>;

/** Some of the jobs that the cascade of a step still concerns; `last`: no more follow. */
export interface CascadeChunk {
  readonly stepId: number;
  readonly kind: Cascade;
  readonly jobs: readonly LedgerJob[];
  readonly last: boolean;
}

/** What a step has given, for the expressions of other steps. */
export interface ItemResult extends JsonObject {
  readonly key: string | null;
  readonly item: Json;
  readonly status: string;
  readonly output: Json;
  readonly error: Json;
}

/** The output of one item that is too large to be loaded before an expression reads it. */
export interface LargeOutput {
  /** Place in the list of results. */
  readonly index: number;
  /** What the fact `largeOutput` is found by. */
  readonly key: string;
  /** Of its JSON. */
  readonly characters: number;
}

/** One entry per item, in their order. Large outputs are `null` in the list, and named beside it in the same order. */
export interface StoredResults {
  readonly list: readonly ItemResult[];
  readonly large: readonly LargeOutput[];
}

/** The kinds of facts: what each is found by, and what it is. Selections are asked for with a `limit`. */
export interface FactKinds {
  readonly job: [id: number, LedgerJob | undefined];
  readonly step: [id: number, StepRow | undefined];
  readonly stepInfo: [id: number, StepInfo];
  readonly run: [id: number, RunFacts | undefined];
  /** Undefined: it can't be read, which is a bug wherever it is not only looked at. */
  readonly workflow: [version: string, Workflow | undefined];
  /** A queue's number; a queue that is named for the first time is given one. */
  readonly queueId: [name: string, number];
  readonly knownQueue: [name: string, number | undefined];
  readonly queue: [id: number, QueueFacts];
  readonly queueRow: [id: number, Pick<QueueRow, 'paused' | 'held_until' | 'held_by'>];
  /** What the clock says that all who have the store go by; that time, if only one has it. */
  readonly storeTime: [now: number, number];
  /** What a queue was told, and how it was declared. If it has a limit, nobody else finds out of it until the transaction ends. */
  readonly sharedLimits: [queueId: number, QueueRow];
  /** Jobs of the queue that are under way, whoever has them. */
  readonly activeIn: [queueId: number, number];
  /** The starts of a queue that count last, in the order of the times at which they were to start. */
  readonly lastStarts: [queueId: number, readonly SharedStart[]];
  /** What a connection lets start over all queues; undefined: whatever they let. If it has a limit, nobody else finds out of it until the transaction ends. */
  readonly connectionLimits: [connection: string, ConnectionLimits | undefined];
  /** Jobs under way that use that connection, in whatever queue, whoever has them. */
  readonly activeWith: [connection: string, number];
  /** The starts of a connection that count last, in the order of the times at which they were to start. */
  readonly lastStartsWith: [connection: string, readonly SharedStart[]];
  /** When those of the last `limit` starts of a connection count that come first among them: `count` of them, the earliest first; fewer if there are not that many starts. */
  readonly oldestStartsWith: [connectionLimitAndCount: string, readonly number[]];
  /** Starts of a connection that count after that time. */
  readonly startsSince: [connectionAndTime: string, number];
  readonly payload: [jobId: number, PayloadRow];
  readonly draft: [jobId: number, DraftRow | undefined];
  /** What a job waits for, or has last waited for. */
  readonly wait: [jobId: number, WaitRow | undefined];
  /** The answer to a run under a name, see `signalKey`. */
  readonly signal: [runIdAndName: string, SignalRow | undefined];
  readonly signalLink: [hash: string, SignalLinkRow | undefined];
  /** In the order of their numbers. */
  readonly attempts: [jobId: number, readonly Pick<AttemptRow, 'number' | 'round' | 'revision' | 'ended_at'>[]];
  /** The last attempt that has an error. */
  readonly lastFailure: [jobId: number, Pick<AttemptRow, 'error' | 'response'> | undefined];
  readonly revisions: [jobId: number, readonly RevisionRow[]];
  /** An open fan-out. */
  readonly fanOut: [stepId: number, FanOutProgress | undefined];
  readonly cascade: [stepId: number, Cascade | undefined];
  readonly activeJobs: [stepId: number, readonly LedgerJob[]];
  /** Whether any job of the step was cancelled because a sibling died. */
  readonly hasCancelledBySibling: [stepId: number, boolean];
  /** The error (JSON) of the job of a step that died first, discarded or not. */
  readonly firstDeath: [stepId: number, string | null];
  /** Which of these keys (JSON of texts) the step has had. */
  readonly takenKeys: [stepIdAndKeys: string, ReadonlySet<string>];
  /** The run of a workflow that was started with a key. */
  readonly runWithKey: [workflowAndKey: string, number | undefined];
  /** Whether a job has not ended in the run, or in one that jobs of it have last waited for, however far below; by the counts of steps. */
  readonly openBelow: [runId: number, boolean];
  readonly inputs: [runId: number, Json];
  /** What started a run; null if a person did. */
  readonly trigger: [runId: number, Json];
  /** The values of `vars`. */
  readonly vars: [runId: number, Json];
  readonly output: [stepId: number, Json];
  readonly results: [stepId: number, StoredResults];
  /** The items of all pages of a step; undefined: they are too many to be read together (`maxItemCharacters`). */
  readonly items: [stepId: number, Json[] | undefined];
  /** The items of a step's pages from that place on, each as JSON: `limit` at most, and no further row of them once there are `maxStagedCharacters`. */
  readonly stagedItems: [stepIdAndPlace: string, readonly string[]];
  /** JSON of an output that `results` names. */
  readonly largeOutput: [jobIdAndAttempt: string, string];
  /** The first item of a step from that place on. */
  readonly itemFrom: [stepIdAndIndex: string, ItemFacts | undefined];
  /** Runs of a workflow with a concurrency key (JSON of both) that are `running`, but for those that wait for others of the key. In the order of their numbers. */
  readonly runsUnderWay: [workflowAndKey: string, readonly RunRow[]];
  readonly nextDue: [all: 0, number | undefined];
  // Selections.
  /** Pending jobs in the order in which they are claimed. */
  readonly due: [queueId: number, readonly DueJob[]];
  /** The same without the jobs of some steps (`StepOfVersion`) and of some connections, among the first `maxPassed` of the queue. */
  readonly dueBut: [queueIdStepsAndConnections: string, readonly DueJob[]];
  /** Delayed jobs that are due at that time, and those whose wait ends by then, each in the order of their due times. */
  readonly overdue: [at: number, readonly LedgerJob[]];
  /** Jobs that wait for a signal, see `signalKey`. */
  readonly waitingFor: [runIdAndName: string, readonly LedgerJob[]];
  /** All pending jobs of a queue that belong to a replay with a rate. */
  readonly paced: [queueId: number, readonly LedgerJob[]];
  /** All jobs that the daemon of that number has under way. */
  readonly activeOf: [daemon: number, readonly LedgerJob[]];
  readonly cascading: [all: 0, readonly CascadeChunk[]];
  /** Jobs of a queue that have not ended, or are dead letters: those under way first. */
  readonly inQueue: [queueId: number, readonly LedgerJob[]];
  /** Steps of a queue that have not ended, of runs that have not. */
  readonly openSteps: [queueId: number, readonly StepRow[]];
  readonly openFanOuts: [all: 0, readonly FanOutProgress[]];
  /** Dead letters of a queue that died before. */
  readonly deadBefore: [queueIdAndTime: string, readonly LedgerJob[]];
  /** Runs that ended before: the oldest first. A store may leave out those in which, by the counts of their steps, a job is open or a dead letter. */
  readonly endedBefore: [at: number, readonly RunFacts[]];
  /** Those that wait for others of the key, in the order of their numbers. */
  readonly runsWaiting: [workflowAndKey: string, readonly RunRow[]];
  /** Of each key with runs that wait and none under way, one. */
  readonly runsWaitingForNone: [all: 0, readonly RunRow[]];
  readonly schedule: [id: number, ScheduleRow | undefined];
  /** All of them, also those that no file has. */
  readonly schedules: [all: 0, readonly ScheduleRow[]];
  readonly bulk: [id: number, BulkRow | undefined];
  /** A number that no bulk work has had. */
  readonly nextBulk: [all: 0, number];
  /** Which of these jobs (JSON of numbers) bulk work has. */
  readonly bulkMembers: [bulkIdAndJobs: string, ReadonlySet<number>];
  /** In which of these runs (JSON of numbers) bulk work has a job. */
  readonly bulkRuns: [bulkIdAndRuns: string, ReadonlySet<number>];
  /** The next of its jobs after that number, in the order of their numbers. */
  readonly bulkNext: [bulkIdAndJob: string, readonly number[]];
  /** The same of those that it has acted on. */
  readonly bulkSent: [bulkIdAndJob: string, readonly { readonly job_id: number; readonly round: number }[]];
  /** Bulk work that ended before that time, or, if a daemon is named, that it has not prepared to its end. */
  readonly oldBulk: [endedBeforeAndPreparer: string, number | undefined];
  /** When the last job is due that waits in a replay with a rate. */
  readonly lastPaced: [pace: number, number | undefined];
  /** The first delivery of an event. */
  readonly deliveryKey: [workflowAndKey: string, DeliveryKeyRow | undefined];
  /** Numbers that no delivery has had, the first at place 0: of several that one decision keeps, each takes the next. */
  readonly nextDelivery: [place: number, number];
  readonly jobsOfRun: [runId: number, readonly LedgerJob[]];
  /** How many numbers of `SnapshotParams.ids` there are by now, if these are listed: `limit` at least. */
  readonly freshIds: [table: 'runs' | 'steps' | 'jobs', number];
}

/** Items of pages that an expression reads as a list, in characters of JSON. */
export const maxItemCharacters = 16 * 1024 * 1024;

/** Items of pages that one chunk of a fan-out is made of, in characters of JSON; one row of them may be more. */
export const maxStagedCharacters = 4 * 1024 * 1024;

export type FactKind = keyof FactKinds;

export type Ask = {
  [Kind in FactKind]: {
    readonly kind: Kind;
    readonly key: FactKinds[Kind][0];
    /** So many at most. */
    readonly limit?: number;
    /** The workflow's text, if the store may not have it yet. */
    readonly text?: Pick<CreateRunParams, 'workflow' | 'text'>;
  };
}[FactKind];

/** Facts that only `shared` claims ask for, and numbers that only daemons that share a store take in turn: a store that one daemon has for itself needn't find them. */
type SharedFact = 'sharedLimits' | 'activeIn' | 'lastStarts' | 'freshIds';

type FactFinders = { readonly [Kind in FactKind]: (key: FactKinds[Kind][0], ask: { readonly limit: number; readonly text?: Ask['text'] }) => FactKinds[Kind][1] };

/** Jobs that a claim looks at to find those that it doesn't pass over, at most: as many as take it some milliseconds. */
export const maxPassed = 10_000;

/** How a store finds facts, one function for each kind. */
export type FactSource = Omit<FactFinders, SharedFact> & Partial<Pick<FactFinders, SharedFact>>;

/** Numbers that no row has had: from `next` on, up to `end`, which is not among them; or a list that grows when more are asked for (`freshIds`). */
export type FreshIds = { readonly next: number; readonly end: number } | { readonly listed: readonly number[] };

export interface SnapshotParams {
  readonly env: Readonly<Record<string, string>>;
  /** What decisions have worked out and may find again. A store may keep it with the facts of one fan-out, and forget it at any time. */
  readonly memory?: Map<string, unknown>;
  readonly ids: Readonly<Record<'runs' | 'steps' | 'jobs', FreshIds>>;
  /** Whose calls these are; `soleDaemon` if omitted. */
  readonly daemon?: number;
  /** How much JSON of large outputs one expression, or one job with its item, may be made of, in characters; 64 Mi if omitted. */
  readonly maxLargeCharacters?: number;
  /** What is stored of a link with which the job answers a signal of that name: chance and secrets are handed in. */
  readonly linkHash?: (jobId: number, createdAt: number, name: string) => string;
  /** Facts that the store has in memory, so that nobody has to ask for them; each answers `notKnown` where it hasn't. */
  readonly atHand?: FactsAtHand;
}

export type FactsAtHand = { readonly [Kind in FactKind]?: (key: FactKinds[Kind][0]) => FactKinds[Kind][1] | typeof notKnown };

function noLinks(): never {
  throw new Error('no links are made here');
}

/** Instead of a fact that has not been loaded: facts themselves can be undefined. */
export const notKnown = Symbol('not known');

/** A fact was asked for that has not been loaded. Never leaves the ledger: `decide` answers with what is missing. */
export class MissingFact extends Error {
  override readonly name = 'MissingFact';
}

/** One for all, since only that it is thrown counts: to make one takes as long as to decide a job. */
export const missingFact = new MissingFact('a fact is missing');

/** What a decision knows of a store: the facts that have been loaded for it so far. */
export class Snapshot {
  readonly env: SnapshotParams['env'];
  readonly ids: SnapshotParams['ids'];
  readonly daemon: number;
  readonly maxLargeCharacters: number;
  readonly linkHash: NonNullable<SnapshotParams['linkHash']>;
  #memory: Map<string, unknown> | undefined;
  readonly #facts = new Map<FactKind, Map<number | string, unknown>>();
  #limits: Map<string, number> | undefined;
  readonly #atHand: FactsAtHand;

  constructor({ env, ids, memory, daemon = soleDaemon, maxLargeCharacters = 64 * 1024 * 1024, linkHash = noLinks, atHand = {} }: SnapshotParams) {
    this.daemon = daemon;
    this.maxLargeCharacters = maxLargeCharacters;
    this.linkHash = linkHash;
    this.#atHand = atHand;
    this.env = env;
    this.#memory = memory;
    this.ids = ids;
  }

  get memory(): Map<string, unknown> {
    this.#memory ??= new Map();
    return this.#memory;
  }

  find<Kind extends FactKind>(kind: Kind, key: FactKinds[Kind][0], limit = 0): FactKinds[Kind][1] | typeof notKnown {
    const facts = this.#facts.get(kind);
    const found = facts?.get(key);
    if (found === undefined && facts?.has(key) !== true) {
      const atHand = this.#atHand[kind] as ((key: FactKinds[Kind][0]) => FactKinds[Kind][1] | typeof notKnown) | undefined;
      return atHand === undefined ? notKnown : atHand(key);
    }
    return limit > 0 && (this.#limits?.get(`${kind} ${key}`) ?? 0) < limit ? notKnown : (found as FactKinds[Kind][1]);
  }

  set<Kind extends FactKind>(kind: Kind, key: FactKinds[Kind][0], value: FactKinds[Kind][1], limit = 0): void {
    let facts = this.#facts.get(kind);
    if (facts === undefined) {
      facts = new Map();
      this.#facts.set(kind, facts);
    }
    facts.set(key, value);
    if (limit > 0) (this.#limits ??= new Map()).set(`${kind} ${key}`, limit);
  }

  /** Loads what a decision has asked for. */
  load(asks: readonly Ask[], source: Partial<FactSource>): void {
    for (const { kind, key, limit = 0, text } of asks) {
      const load = source[kind] as ((key: number | string, ask: { readonly limit: number; readonly text?: Ask['text'] }) => never) | undefined;
      if (load === undefined) throw new Error(`facts of the kind ${kind} can't be loaded here`);
      this.set(kind, key, load(key, { limit, ...(text === undefined ? {} : { text }) }), limit);
    }
  }
}
