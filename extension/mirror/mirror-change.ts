/** What has changed in a mirror since its last event. */
export interface MirrorChange {
  /** Everything may have: a new snapshot, or the mirror was emptied. */
  readonly all: boolean;
  /** Names of queues. */
  readonly queues: ReadonlySet<string>;
  /** Queues came or went: their list is another one. */
  readonly queueList: boolean;
  /** Ids of runs. */
  readonly runs: ReadonlySet<string>;
  readonly runList: boolean;
  readonly status: boolean;
  /** Bulk work began, came further, or ended. */
  readonly bulks: boolean;
  /** Something has begun to wait for an answer, or waits no longer. */
  readonly waits: boolean;
  /** Ids of workflows of which a schedule stands otherwise. */
  readonly schedules: ReadonlySet<string>;
  /** Ids of workflows that have received something. */
  readonly deliveries: ReadonlySet<string>;
}

/** Gathers what changes until it is told. */
export class MirrorChanges {
  #all = false;
  #queueList = false;
  #runList = false;
  #status = false;
  #bulks = false;
  #waits = false;
  #queues = new Set<string>();
  #runs = new Set<string>();
  #schedules = new Set<string>();
  #deliveries = new Set<string>();

  markAll(): void {
    this.#all = true;
  }

  markQueue(name: string, listChanged: boolean): void {
    this.#queues.add(name);
    this.#queueList ||= listChanged;
  }

  markRun(id: string, listChanged: boolean): void {
    this.#runs.add(id);
    this.#runList ||= listChanged;
  }

  markStatus(): void {
    this.#status = true;
  }

  markBulks(): void {
    this.#bulks = true;
  }

  markWaits(): void {
    this.#waits = true;
  }

  markSchedule(workflow: string): void {
    this.#schedules.add(workflow);
  }

  markDelivery(workflow: string): void {
    this.#deliveries.add(workflow);
  }

  /** What has gathered, and a new beginning; undefined if that is nothing. */
  take(): MirrorChange | undefined {
    const change = { all: this.#all, queues: this.#queues, queueList: this.#queueList, runs: this.#runs, runList: this.#runList, status: this.#status, bulks: this.#bulks, waits: this.#waits, schedules: this.#schedules, deliveries: this.#deliveries };
    this.#all = this.#queueList = this.#runList = this.#status = this.#bulks = this.#waits = false;
    this.#queues = new Set();
    this.#runs = new Set();
    this.#schedules = new Set();
    this.#deliveries = new Set();
    return change.all || change.status || change.bulks || change.waits || change.queues.size + change.runs.size + change.schedules.size + change.deliveries.size > 0 ? change : undefined;
  }
}
