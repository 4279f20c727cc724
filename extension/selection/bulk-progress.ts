import { setTimeout as delay } from 'node:timers/promises';
import * as vscode from 'vscode';
import type { Daemon } from '../../client/daemon-client.ts';
import { isBulkEnded, type BulkView, type ReplayTally } from '../../schemas/protocol/bulk.ts';
import { takenBackOf } from '../../schemas/wording/replay.ts';
import type { Prompter } from '../ask/prompter.ts';
import type { Log } from '../base/log.ts';
import type { Project } from '../project/project.ts';
import type { Projects } from '../project/projects.ts';
import type { Disposable } from '../base/signal.ts';
import { say } from '../wording/language.ts';
import { becameTexts, outcomeText } from '../wording/job.ts';
import { haveAnswered, watchBulks } from './replay-watch.ts';
import { bulkActionText, bulkTallyText } from './tally-text.ts';
import { isSpaced, UnfollowedBulks, type BulkDisplay, type FollowedBulks } from './unfollowed-bulks.ts';
import { messageOf } from '../wording/client-fault-text.ts';

const shownAfterMs = 1500;
const firstLookMs = 250;
const longestLookMs = 3000;

export interface BulkProgressOptions {
  readonly projects: Projects;
  readonly log: Log;
  readonly ask: () => Pick<Prompter, 'tell'>;
  readonly followedBulks: FollowedBulks;
  readonly subscriptions: Disposable[];
}

/** A notification, with progress and a Cancel, for each bulk work that continues without a command of this window: also after the window was reloaded. */
export function showBulkProgress({ projects, log, ask, followedBulks, subscriptions }: BulkProgressOptions): void {
  const unfollowed = new UnfollowedBulks(followedBulks, {
    show: (folder, bulk) =>
      showBulk(bulk, {
        name: projects.get(folder)?.name ?? folder,
        daemon: () => projects.daemonOf(folder),
        tell: (severity, text) => void ask().tell(severity, text),
        log,
      }),
    ask: (folder, bulk) => {
      const name = projects.get(folder)?.name ?? folder;
      askAboutHeld(bulk, { name, daemon: () => projects.daemonOf(folder), tell: (...message) => ask().tell(...message) }).catch((error: unknown) => {
        void ask().tell('error', messageOf(error));
      });
    },
    later: (callback) => void setTimeout(callback, shownAfterMs).unref(),
    nowMs: Date.now,
  });
  const read = ({ folder, daemon, mirror }: Project) => ({ folder, daemon, bulks: mirror.bulks() });
  subscriptions.push(
    projects.onDidChangeMirror(({ project, change }) => {
      if (change.all || change.bulks) unfollowed.look(() => read(project));
    }),
  );
}

interface AskOptions {
  readonly name: string;
  readonly daemon: () => Promise<Daemon>;
  readonly tell: Prompter['tell'];
}

/** The canary is through: what has become of it so far, and whether the others follow. Closing the notification leaves it held. */
async function askAboutHeld(bulk: BulkView, { name, daemon, tell }: AskOptions): Promise<void> {
  const { id, action, total, done, skipped } = bulk;
  const outcome = action === 'replay' ? becameTexts(done, await (await daemon()).call('bulk/tally', { id })) : [];
  const rest = say('{count, plural, one {# other waits until you decide.} other {# others wait until you decide.}}', { count: total - done - skipped });
  const goOn = say('Continue');
  const giveUp = action === 'replay' ? say('Take Back') : say('Leave the Others');
  const chosen = await tell('information', say('{name}: {tally}', { name, tally: [bulkTallyText(bulk), ...outcome, rest].join(' ') }), goOn, giveUp);
  if (chosen === goOn) await (await daemon()).call('bulk/continue', { id });
  else if (chosen === giveUp) await (await daemon()).call('bulk/cancel', { id, ...(action === 'replay' ? { takeBack: true } : {}) });
}

interface ShowOptions {
  readonly name: string;
  readonly daemon: () => Promise<Daemon>;
  readonly tell: (severity: 'information' | 'warning' | 'error', text: string) => void;
  readonly log: Log;
}

function showBulk(first: BulkView, { name, daemon, tell, log }: ShowOptions): BulkDisplay {
  const over = new AbortController();
  const ended = Promise.withResolvers<undefined>();
  let report: (text: string) => void = () => undefined;
  let last = first;
  let isFollowed = false;
  const close = (): void => {
    over.abort();
    ended.resolve(undefined);
  };
  const finish = (bulk: BulkView, outcome: ReplayTally | undefined): void => {
    if (over.signal.aborted) return;
    close();
    const text = say('{name}: {tally}', { name, tally: [bulkTallyText(bulk), ...(outcome === undefined ? [] : becameTexts(bulk.done, outcome, bulk.takenBack))].join(' ') });
    log.info(text);
    const isWorse = outcome !== undefined && outcome.dead > takenBackOf(outcome, bulk.takenBack);
    tell(bulk.state === 'failed' ? 'error' : isWorse ? 'warning' : 'information', text);
  };
  const lose = (error: unknown): void => {
    log.warn(messageOf(error));
    close();
  };
  /** Those that were sent at a rate: how far they are can only be asked for. */
  const follow = async (bulk: BulkView): Promise<void> => {
    if (isFollowed) return;
    isFollowed = true;
    let lookMs = firstLookMs;
    const connected = await daemon();
    const outcome = await watchBulks(connected, [bulk], {
      isEnough: (tally) => over.signal.aborted || last.state !== 'done' || haveAnswered(tally),
      nextLook: async () => {
        await delay(lookMs, undefined, { signal: over.signal }).catch(() => undefined);
        lookMs = Math.min(longestLookMs, lookMs * 1.3);
      },
      onProgress: (tally) => report(say('{name}: {tally}', { name, tally: outcomeText(tally, Date.now()) })),
    });
    if (over.signal.aborted) return;
    // What was taken back is dead as well: then the end of that says what came of it.
    const now = await connected.call('bulk/get', { id: bulk.id });
    if (isSpaced(now)) finish(now, outcome);
  };
  const tellEnd = async (bulk: BulkView): Promise<void> => {
    last = bulk;
    finish(bulk, bulk.rate === undefined ? undefined : await (await daemon()).call('bulk/tally', { id: bulk.id }));
  };
  const look = (): void => {
    if (isSpaced(last)) follow(last).catch(lose);
    else report(progressText(last, name));
  };
  void vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title: titleOf(first), cancellable: true }, async (progress, token) => {
    report = (message) => progress.report({ message });
    look();
    token.onCancellationRequested(() => {
      // The daemon ends it after the jobs that it is at; should it have ended just now, its tally says so.
      const { id, rate } = last;
      daemon().then((it) => it.call('bulk/cancel', { id, ...(rate === undefined ? {} : { takeBack: true }) })).catch((error: unknown) => log.warn(messageOf(error)));
    });
    await ended.promise;
  });
  return {
    update: (bulk) => {
      last = bulk;
      look();
    },
    end: (bulk) => {
      if (bulk === undefined || !isBulkEnded(bulk.state)) close();
      else tellEnd(bulk).catch(lose);
    },
  };
}

function titleOf({ action, rate }: BulkView): string {
  return action === 'replay' && rate !== undefined ? say('Replaying dead letters at {rate}', { rate }) : bulkActionText(action);
}

function progressText({ state, done, skipped, total, takenBack }: BulkView, name: string): string {
  return state === 'taking-back' ? say('{takenBack} of {done} taken back in {name}', { takenBack, done, name }) : say('{done} of {total} in {name}', { done: done + skipped, total, name });
}
