import * as vscode from 'vscode';
import type { App } from '../../app.ts';
import { languageId } from '../../ids.ts';
import { messageOf } from '../../log.ts';

/** Loads what shows live numbers when a file of ours is first seen: it brings the whole language along, which most windows never need. */
export function showLive(app: App): void {
  let isLoaded = false;
  const look = (): void => {
    if (isLoaded || !vscode.window.visibleTextEditors.some(({ document }) => document.languageId === languageId)) return;
    isLoaded = true;
    import('./live.ts').then(
      ({ startLive }) => startLive(app),
      (error: unknown) => app.log.error(messageOf(error)),
    );
  };
  app.subscriptions.push(vscode.window.onDidChangeVisibleTextEditors(look));
  look();
}
