import * as vscode from 'vscode';
import { isBulkEnded, type BulkView } from '../../schemas/protocol/bulk.ts';
import type { Prompter } from '../ask/prompter.ts';
import type { Log } from '../base/log.ts';
import type { Project } from '../project/project.ts';
import type { Projects } from '../project/projects.ts';
import type { Disposable } from '../base/signal.ts';
import { say } from '../wording/language.ts';
import { bulkActionText, bulkTallyText } from './tally-text.ts';
import { UnfollowedBulks, type BulkDisplay, type FollowedBulks } from './unfollowed-bulks.ts';
import { messageOf } from '../wording/client-fault-text.ts';

const shownAfterMs = 1500;

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
    show: (folder, bulk) => {
      const project = projects.get(folder);
      return show(bulk, {
        name: project?.name ?? folder,
        cancel: async () => (await projects.daemonOf(folder)).call('bulk/cancel', { id: bulk.id }),
        tell: (severity, text) => void ask().tell(severity, text),
        log,
      });
    },
    later: (callback) => void setTimeout(callback, shownAfterMs).unref(),
  });
  const read = ({ folder, daemon, mirror }: Project) => ({ folder, daemon, bulks: mirror.bulks() });
  subscriptions.push(
    projects.onDidChangeMirror(({ project, change }) => {
      if (change.all || change.bulks) unfollowed.look(() => read(project));
    }),
  );
}

interface ShowOptions {
  readonly name: string;
  readonly cancel: () => Promise<unknown>;
  readonly tell: (severity: 'information' | 'error', text: string) => void;
  readonly log: Log;
}

function show(first: BulkView, { name, cancel, tell, log }: ShowOptions): BulkDisplay {
  const ended = Promise.withResolvers<undefined>();
  let report: (bulk: BulkView) => void = () => undefined;
  let last = first;
  void vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title: bulkActionText(first.action), cancellable: true }, async (progress, token) => {
    report = ({ state, done, skipped, total, takenBack }) =>
      progress.report({ message: state === 'taking-back' ? say('{takenBack} of {done} taken back in {name}', { takenBack, done, name }) : say('{done} of {total} in {name}', { done: done + skipped, total, name }) });
    report(last);
    token.onCancellationRequested(() => {
      // The daemon ends it after the jobs that it is at; should it have ended just now, its tally says so.
      cancel().catch((error: unknown) => log.warn(messageOf(error)));
    });
    await ended.promise;
  });
  return {
    update: (bulk) => {
      last = bulk;
      report(bulk);
    },
    end: (bulk) => {
      ended.resolve(undefined);
      if (bulk === undefined || !isBulkEnded(bulk.state)) return;
      const text = say('{name}: {tally}', { name, tally: bulkTallyText(bulk) });
      log.info(text);
      tell(bulk.state === 'failed' ? 'error' : 'information', text);
    },
  };
}
