import type * as vscode from 'vscode';
import type { AlertCrossings } from '../alerts/alert-crossings.ts';
import type { Prompter } from '../ask/prompter.ts';
import type { DaemonLogChannel } from '../daemon/daemon-log-channel.ts';
import type { Dashboard } from '../dashboard/dashboard.ts';
import type { DeadLetterFiles } from '../documents/dead-letter-files.ts';
import type { ShownTexts } from '../documents/shown-texts.ts';
import type { ViewId } from '../base/ids.ts';
import type { ChosenRuns } from '../language/live/last-runs.ts';
import type { LanguageSupport } from '../language/language-support.ts';
import type { Projects } from '../project/projects.ts';
import type { SecretKeeper } from '../secrets/secret-keeper.ts';
import type { Disposable, Signal } from '../base/signal.ts';
import type { OpenTreeView } from '../views/open-view.ts';
import type { FollowedBulks } from '../selection/unfollowed-bulks.ts';
import type { ViewFilters } from '../views/view-filters.ts';

/** What every part of the extension works with; made once, by `activate`. */
export interface App {
  readonly projects: Projects;
  readonly log: vscode.LogOutputChannel;
  /** Replaceable, so that tests can answer. */
  ask: Prompter;
  readonly texts: ShownTexts;
  readonly deadLetterFiles: DeadLetterFiles;
  readonly daemonLog: DaemonLogChannel;
  readonly chosenRuns: ChosenRuns;
  readonly dashboard: Dashboard;
  readonly alerts: AlertCrossings;
  readonly secrets: SecretKeeper;
  readonly followedBulks: FollowedBulks;
  readonly filters: ViewFilters;
  /** By id, once they are open. */
  readonly views: Map<ViewId, OpenTreeView>;
  readonly language: LanguageSupport;
  /** What is remembered for this workspace. */
  readonly memory: vscode.Memento;
  /** Views are to be read again, though nothing was heard from the daemon. */
  readonly refreshed: Signal<void>;
  readonly subscriptions: Disposable[];
  readonly programs: {
    /** Of the `sluice` command, for what it does better than the extension could. */
    readonly cli: string;
  };
}
