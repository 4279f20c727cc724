import { setTimeout as delay } from 'node:timers/promises';
import * as vscode from 'vscode';
import { takeBackBulk } from '../../client/run-bulk.ts';
import type { ReplayTally } from '../../schemas/protocol/bulk.ts';
import { takenBackOf } from '../../schemas/wording/replay.ts';
import type { Log } from '../base/log.ts';
import type { Tally } from '../selection/batches.ts';
import { sumOf } from '../selection/project-batches.ts';
import { tallyText } from '../selection/tally-text.ts';
import { say } from '../wording/language.ts';
import { becameTexts, outcomeText } from '../wording/job.ts';
import type { DeadLetterBatch } from './dead-group.ts';
import { emptyTally, haveAnswered, haveEnded, joinTallies, watchBulks } from '../selection/replay-watch.ts';
import { type ReplayMode, sendReplay, type SentLot } from './replay-mode.ts';
import type { Prompter } from '../ask/prompter.ts';
import type { FollowedBulks } from '../selection/unfollowed-bulks.ts';
import { messageOf } from '../wording/client-fault-text.ts';

/** What a replay needs of the window. */
export interface ReplayContext {
  readonly ask: Prompter;
  readonly log: Log;
  readonly followedBulks: FollowedBulks;
}

const firstLookMs = 250;
const longestLookMs = 3000;
/** Those that go out as fast as their queue lets them are followed for so long: then their views say how far they are. */
const followAllMs = 8000;

export interface FollowOptions {
  readonly way: ReplayMode;
  readonly originals: boolean;
}

/** A replay that was sent, and followed for as long as it was worth. */
export interface FollowedReplay {
  readonly lots: readonly DeadLetterBatch[];
  readonly tally: Tally;
  /** As last seen. */
  readonly outcome: ReplayTally;
  /** A person has stopped it: what waited has been taken back. */
  readonly wasStopped: boolean;
  /** Tells the person what came of it. Answers with the tally. */
  readonly tell: () => Tally;
}

/** Sends the lots, and shows what becomes of them while they are followed. A cancel takes back what no attempt has reached. Never rejects. */
export async function followReplay(context: ReplayContext, lots: readonly DeadLetterBatch[], { way, originals }: FollowOptions): Promise<FollowedReplay> {
  const title = way.kind === 'rate' ? say('Replaying dead letters at {rate}', { rate: way.rate }) : way.kind === 'canary' ? say('Waiting for what was replayed first') : say('Replaying dead letters');
  return vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title, cancellable: true }, async (progress, token) => {
    const sent = await sendReplay(lots, {
      originals,
      followed: context.followedBulks,
      ...(way.kind === 'rate' ? { rate: way.rate } : {}),
      isCancelled: () => token.isCancellationRequested,
      onProgress: (done, total) => progress.report({ message: say('{done} of {total}', { done, total }) }),
    });
    const untilMs = way.kind === 'all' ? Date.now() + followAllMs : Infinity;
    // Retries may take hours more than the rate does: what failed and is tried again is told as such.
    const isEnough = way.kind === 'all' ? haveEnded : haveAnswered;
    const outcomes = sent.map(({ tally }): ReplayTally => ({ ...emptyTally, waiting: tally.done }));
    const watched = await Promise.all(
      sent.map(async ({ lot, bulks, tally: { done } }, index) => {
        if (done === 0) return undefined;
        let lookMs = firstLookMs;
        try {
          await watchBulks(lot.daemon, bulks, {
            isEnough: (tally) => token.isCancellationRequested || Date.now() >= untilMs || isEnough(tally),
            nextLook: async () => {
              await cancelledOr(token, lookMs);
              lookMs = Math.min(longestLookMs, lookMs * 1.3);
            },
            onProgress: (tally) => {
              outcomes[index] = tally;
              progress.report({ message: outcomeText(joinTallies(outcomes), Date.now()) });
            },
          });
          return undefined;
        } catch (error) {
          context.log.warn(`${lot.project.name}: ${messageOf(error)}`);
          return say('{project} was lost sight of: {problem}', { project: lot.project.name, problem: messageOf(error) });
        }
      }),
    );
    const faults = watched.flatMap((fault) => fault ?? []);
    const takenBack = token.isCancellationRequested ? await takeAllBack(context, sent, outcomes, faults) : 0;
    return followed(context, sent, { outcome: joinTallies(outcomes), takenBack, wasStopped: token.isCancellationRequested, faults });
  });
}

/** The outcomes are looked at again afterwards: an attempt may have begun meanwhile. */
async function takeAllBack(context: ReplayContext, sent: readonly SentLot[], outcomes: ReplayTally[], faults: string[]): Promise<number> {
  let count = 0;
  for (const [index, { lot, bulks }] of sent.entries()) {
    if (bulks.length === 0) continue;
    try {
      for (const { id } of bulks) count += (await takeBackBulk(lot.daemon, id, { nextLook: () => delay(firstLookMs) })).takenBack;
      outcomes[index] = await watchBulks(lot.daemon, bulks, { isEnough: () => true, nextLook: () => Promise.resolve() });
    } catch (error) {
      context.log.warn(`${lot.project.name}: ${messageOf(error)}`);
      faults.push(say('What waits in {project} could not be taken back: {problem}', { project: lot.project.name, problem: messageOf(error) }));
    }
  }
  return count;
}

interface Seen {
  readonly outcome: ReplayTally;
  readonly takenBack: number;
  readonly wasStopped: boolean;
  readonly faults: readonly string[];
}

function followed(context: ReplayContext, sent: readonly SentLot[], { outcome, takenBack, wasStopped, faults }: Seen): FollowedReplay {
  const tally = sumOf(sent.map(({ lot, tally: one }) => ({ project: lot.project.name, tally: one })));
  const edited = sent.reduce((sum, one) => sum + one.edited, 0);
  const tell = (): Tally => {
    const head = tallyText('replayed', tally, edited);
    const text = [head, ...becameTexts(tally.done, outcome, takenBack), ...faults].filter((part) => part !== '').join(' ');
    context.log.info(text);
    const severity = tally.fault !== undefined ? 'error' : outcome.dead > takenBackOf(outcome, takenBack) || faults.length > 0 ? 'warning' : 'information';
    void context.ask.tell(severity, text);
    return tally;
  };
  return { lots: sent.map(({ lot }) => lot), tally, outcome, wasStopped, tell };
}

/** Resolves after that time, or when it is cancelled. */
async function cancelledOr(token: vscode.CancellationToken, ms: number): Promise<void> {
  const cancel = new AbortController();
  const listening = token.onCancellationRequested(() => cancel.abort());
  try {
    if (!token.isCancellationRequested) await delay(ms, undefined, { signal: cancel.signal }).catch(() => undefined);
  } finally {
    listening.dispose();
  }
}
