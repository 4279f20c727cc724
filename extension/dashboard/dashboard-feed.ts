import type { DeadGroup } from '../../schemas/protocol/job.ts';
import { type QueueView, type SeriesPoint, seriesResolutions } from '../../schemas/protocol/queue.ts';
import type { ConnectionState } from '../../client/connection-state.ts';
import type { Daemon } from '../../client/daemon-client.ts';
import { clientFaultText, messageOf } from '../wording/client-fault-text.ts';
import type { Log } from '../base/log.ts';
import type { MirrorChange } from '../mirror/mirror-change.ts';
import type { Disposable, Signal } from '../base/signal.ts';
import { type Choice, firstChoice, rangePlans } from './choice.ts';
import type { MessageToPage } from './dashboard-message.ts';
import { columnsOf, gridSpan, type GridSpan } from './series-grid.ts';

/** What the feed needs of a project. */
export interface FedProject {
  readonly folder: string;
  readonly name: string;
  readonly connection: { readonly state: ConnectionState };
  readonly mirror: { queues(): readonly QueueView[] };
  readonly daemon: Daemon | undefined;
}

export interface FedProjects {
  readonly all: readonly FedProject[];
  readonly isVirtual: boolean;
  readonly onDidChangeState: Signal<unknown>['listen'];
  readonly onDidChangeMirror: Signal<{ readonly project: { readonly folder: string }; readonly change: MirrorChange }>['listen'];
}

export interface DashboardFeedOptions {
  readonly projects: FedProjects;
  readonly post: (message: MessageToPage) => void;
  readonly log: Log;
  readonly now: () => number;
  /** Calls back once, unless it is disposed of before. */
  readonly later: (callback: () => void, ms: number) => Disposable;
}

/** How things stand is told no more often than this, however much happens. */
export const nowEveryMs = 1000;
/** More lines than this in one picture can't be told apart. */
export const maxLines = 6;
const maxGroups = 50;

/** The groups of dead letters, as of the counts that the queues had. */
interface KnownDead {
  /** Of which project and queue they are. */
  readonly scope: string;
  /** Changes whenever the groups may have. */
  readonly counts: string;
  readonly groups: readonly DeadGroup[];
  readonly others: number;
}

/**
 * Feeds one dashboard while it can be seen: how things stand, within a second of a change; the series, when a new step of theirs has ended.
 * A daemon that goes away and comes back is followed; what was known stays on show.
 */
export class DashboardFeed {
  readonly #options: DashboardFeedOptions;
  readonly #listening: readonly Disposable[];
  #choice: Choice = firstChoice;
  #shown = false;
  #dueNow: Disposable | undefined;
  #toldAtMs = -Infinity;
  #dueSeries: Disposable | undefined;
  /** Raised with each load, so that an answer to an earlier one is told apart. */
  #round = 0;
  /** The daemon that the present series were asked of. */
  #loadedFrom: Daemon | undefined;
  /** Names of the queues in the pictures; those of a later load are the same, so that lines keep their colours. */
  #charted: readonly string[] = [];
  readonly #points = new Map<string, readonly SeriesPoint[]>();
  #dead: KnownDead = { scope: '', counts: '', groups: [], others: 0 };

  constructor(options: DashboardFeedOptions) {
    this.#options = options;
    const { projects } = options;
    this.#listening = [
      projects.onDidChangeState(() => this.#follow()),
      projects.onDidChangeMirror(({ project, change }) => {
        if (project.folder !== this.#choice.folder) return;
        // Which queues there are to draw is known only now.
        if (this.#charted.length === 0 && (change.all || change.queueList)) this.#restartSeries();
        this.#tellSoon();
      }),
    ];
  }

  get choice(): Choice {
    return this.#choice;
  }

  /** Shows something else from now on. */
  choose(choice: Choice): void {
    const isOther = choice.folder !== this.#choice.folder || choice.queue !== this.#choice.queue;
    const isFiner = rangePlans[choice.range].resolution !== rangePlans[this.#choice.range].resolution;
    const isLonger = rangePlans[choice.range].spanMs > rangePlans[this.#choice.range].spanMs;
    this.#choice = choice;
    if (isOther) this.#charted = [];
    if (isOther || isFiner || isLonger) this.#points.clear();
    this.#tell();
    this.#restartSeries();
  }

  /** The page can be seen, and may know nothing. */
  show(): void {
    this.#shown = true;
    this.#tell();
    this.#restartSeries();
  }

  /** Nobody looks: nothing is asked of the daemon. */
  hide(): void {
    this.#shown = false;
    this.#round++;
    this.#dueNow?.dispose();
    this.#dueSeries?.dispose();
    this.#dueNow = this.#dueSeries = undefined;
  }

  dispose(): void {
    this.hide();
    for (const one of this.#listening) one.dispose();
  }

  get #project(): FedProject | undefined {
    return this.#options.projects.all.find(({ folder }) => folder === this.#choice.folder);
  }

  #follow(): void {
    if (!this.#shown) return;
    this.#tell();
    const { daemon } = this.#project ?? {};
    if (daemon !== undefined && daemon !== this.#loadedFrom) this.#restartSeries();
  }

  #tellSoon(): void {
    if (!this.#shown || this.#dueNow !== undefined) return;
    const { now, later } = this.#options;
    this.#dueNow = later(() => this.#tell(), Math.max(0, this.#toldAtMs + nowEveryMs - now()));
  }

  #tell(): void {
    this.#dueNow?.dispose();
    this.#dueNow = undefined;
    if (!this.#shown) return;
    const { projects, post, now } = this.#options;
    this.#chooseProject();
    const project = this.#project;
    const state = project?.connection.state;
    const queues = project?.mirror.queues() ?? [];
    const isKnown = this.#dead.scope === this.#scope;
    this.#toldAtMs = now();
    post({
      kind: 'now',
      now: {
        atMs: this.#toldAtMs,
        choice: this.#choice,
        projects: projects.all.map(({ folder, name }) => ({ folder, name })),
        connection: state?.kind ?? (projects.isVirtual ? 'virtual' : 'none'),
        ...(state !== undefined && 'problem' in state ? { problem: clientFaultText(state.problem) } : {}),
        queues,
        dead: isKnown ? this.#dead.groups : [],
        otherDead: isKnown ? this.#dead.others : 0,
      },
    });
    void this.#lookAtDead(queues);
  }

  /** The first project, if none was chosen or the chosen one is gone. */
  #chooseProject(): void {
    if (this.#project !== undefined) return;
    const [first] = this.#options.projects.all;
    if (first === undefined) return;
    this.#choice = { range: this.#choice.range, folder: first.folder };
    this.#charted = [];
    this.#points.clear();
  }

  get #scope(): string {
    return JSON.stringify([this.#choice.folder, this.#choice.queue]);
  }

  async #lookAtDead(queues: readonly QueueView[]): Promise<void> {
    const { daemon } = this.#project ?? {};
    const scope = this.#scope;
    const counts = JSON.stringify(queues.map(({ name, depth, drafts }) => [name, depth.dead, drafts]));
    if (daemon === undefined || (scope === this.#dead.scope && counts === this.#dead.counts)) return;
    // Before the answer, so that the same isn't asked twice, and what fails not every second.
    this.#dead = { ...(scope === this.#dead.scope ? this.#dead : { groups: [], others: 0 }), scope, counts };
    const { queue } = this.#choice;
    try {
      const { groups, others } = await daemon.call('dead/groups', { ...(queue === undefined ? {} : { queue }), limit: maxGroups });
      this.#takeDead({ scope, counts, groups, others });
    } catch (error) {
      this.#options.log.warn(`dashboard, dead letters: ${messageOf(error)}`);
    }
  }

  #takeDead(dead: KnownDead): void {
    // Something else was chosen meanwhile.
    if (this.#dead.scope !== dead.scope) return;
    this.#dead = dead;
    this.#tellSoon();
  }

  #restartSeries(): void {
    this.#dueSeries?.dispose();
    this.#dueSeries = undefined;
    if (this.#shown) void this.#loadSeries();
  }

  async #loadSeries(): Promise<void> {
    const round = ++this.#round;
    const { log, now, later, post } = this.#options;
    const project = this.#project;
    if (project?.daemon === undefined) return;
    const { daemon } = project;
    this.#loadedFrom = daemon;
    const choice = this.#choice;
    const plan = rangePlans[choice.range];
    const { stepMs: fineMs } = seriesResolutions[plan.resolution];
    const known = project.mirror.queues();
    if (this.#charted.length === 0) this.#charted = choice.queue === undefined ? busiest(known) : [choice.queue];
    try {
      const span = gridSpan({ nowMs: now(), ...plan });
      await Promise.all(this.#charted.map((queue) => this.#loadPoints(daemon, queue, span, plan.resolution)));
      if (round !== this.#round) return;
      const queues = this.#charted.map((queue) => columnsOf(queue, this.#points.get(queue) ?? [], span));
      const leftOut = choice.queue === undefined ? known.map(({ name }) => name).filter((name) => !this.#charted.includes(name)) : [];
      post({ kind: 'series', choice, grid: { fromMs: span.fromMs, stepMs: span.stepMs, queues, leftOut } });
    } catch (error) {
      log.warn(`dashboard, series: ${messageOf(error)}`);
    }
    if (round !== this.#round) return;
    // A little after the step has ended, when the daemon has written it.
    this.#dueSeries = later(() => void this.#loadSeries(), fineMs - (now() % fineMs) + 500);
  }

  /** Asks for what isn't known yet only. */
  async #loadPoints(daemon: Daemon, queue: string, { fromMs, stepMs, steps }: GridSpan, resolution: keyof typeof seriesResolutions): Promise<void> {
    const kept = (this.#points.get(queue) ?? []).filter(({ at }) => Date.parse(at) >= fromMs);
    const last = kept.at(-1);
    const { stepMs: fineMs } = seriesResolutions[resolution];
    const from = last === undefined ? fromMs : Date.parse(last.at) + fineMs;
    const to = Math.max(from, fromMs + steps * stepMs);
    const { points } = await daemon.call('queue/series', { queue, resolution, from: new Date(from).toISOString(), to: new Date(to).toISOString() });
    const fresh = points.filter(({ at }) => Date.parse(at) >= from);
    this.#points.set(queue, [...kept, ...fresh]);
  }
}

/** The queues that are worth a line, by name: those in which the most is going on, where there are too many. */
function busiest(queues: readonly QueueView[]): readonly string[] {
  const activity = ({ depth, throughputPerMinute }: QueueView): number => depth.pending + depth.delayed + depth.active + depth.dead + throughputPerMinute;
  return [...queues]
    .sort((one, other) => activity(other) - activity(one))
    .slice(0, maxLines)
    .map(({ name }) => name)
    .sort();
}
