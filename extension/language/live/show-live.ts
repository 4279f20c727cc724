import * as vscode from 'vscode';
import { languageId } from '../../base/ids.ts';
import type { LiveContext } from './live-document.ts';
import { messageOf } from '../../wording/client-fault-text.ts';

/** Loads what shows live numbers when a file of ours is first seen: it brings the whole language along, which most windows never need. */
export function showLive(context: LiveContext): void {
  let isLoaded = false;
  const look = (): void => {
    if (isLoaded || !vscode.window.visibleTextEditors.some(({ document }) => document.languageId === languageId)) return;
    isLoaded = true;
    import('./live.ts').then(
      ({ startLive }) => startLive(context),
      (error: unknown) => context.log.error(messageOf(error)),
    );
  };
  context.subscriptions.push(vscode.window.onDidChangeVisibleTextEditors(look));
  look();
}
