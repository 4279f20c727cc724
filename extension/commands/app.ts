import type * as vscode from 'vscode';
import type { Prompter } from '../ask/prompter.ts';
import type { DaemonLogChannel } from '../daemon/daemon-log-channel.ts';
import type { Dashboard } from '../dashboard/dashboard.ts';
import type { DeadLetterFiles } from '../documents/dead-letter-files.ts';
import type { ShownTexts } from '../documents/document-provider.ts';
import type { ChosenRuns } from '../language/live/last-runs.ts';
import type { LanguageSupport } from '../language/language-support.ts';
import type { SecretKeeper } from '../secrets/secret-keeper.ts';
import type { FollowedBulks } from '../selection/unfollowed-bulks.ts';
import type { ViewContext } from '../views/open-tree-view.ts';

/** What every part of the extension works with; made once, by `activate`. */
export interface App extends ViewContext {
  readonly log: vscode.LogOutputChannel;
  /** Replaceable, so that tests can answer. */
  ask: Prompter;
  readonly texts: ShownTexts;
  readonly deadLetterFiles: DeadLetterFiles;
  readonly daemonLog: DaemonLogChannel;
  readonly chosenRuns: ChosenRuns;
  readonly dashboard: Dashboard;
  readonly secrets: SecretKeeper;
  readonly followedBulks: FollowedBulks;
  readonly language: LanguageSupport;
  readonly programs: {
    /** Of the `sluice` command, for what it does better than the extension could. */
    readonly cli: string;
  };
}

/** One entry of the palette or a menu. Without an argument it asks what is meant. */
export interface Command {
  /** It starts or changes something, which Restricted Mode doesn't allow. */
  readonly acts: boolean;
  /** `argument`: a row of a view, a target, or nothing; `selected`: all rows that are selected. What it answers with is for tests and other extensions. */
  readonly run: (app: App, argument?: unknown, selected?: unknown) => Promise<unknown>;
}
