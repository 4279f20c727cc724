import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import type { App } from '../../../../extension/commands/app.ts';
import type { SluiceApi } from '../../../../extension/extension.ts';
import type { Project } from '../../../../extension/project/project.ts';
import type { Daemon } from '../../../../client/daemon-client.ts';
import type { ConnectionStateKind } from '../../../../client/connection-state.ts';
import { ScriptedAsker, type Answer } from './scripted-asker.ts';
import { until, type Listen } from './until.ts';

export function extension(): vscode.Extension<SluiceApi> {
  const found = vscode.extensions.getExtension<SluiceApi>('sluice.sluice');
  assert.ok(found !== undefined, 'the extension is not installed');
  return found;
}

/** The extension as VS Code activated it. */
export async function sluice(): Promise<SluiceApi> {
  return extension().activate();
}

/** The first project of the window. */
export async function firstProject(): Promise<Project> {
  const { app } = await sluice();
  return until('the window has a project', () => app.projects.all[0], stateChanges(app));
}

export function stateChanges({ projects }: App): Listen {
  return (listener) => projects.onDidChangeState(listener);
}

export function mirrorChanges({ projects }: App): Listen {
  return (listener) => projects.onDidChangeMirror(listener);
}

/** The project with its daemon connected and mirrored, started where it isn't. */
export async function connectedProject(): Promise<{ readonly api: SluiceApi; readonly project: Project; readonly daemon: Daemon }> {
  const api = await sluice();
  const project = await firstProject();
  const daemon = await project.connection.ensure();
  await until('the mirror has its first snapshot', () => project.mirror.status !== undefined && project.mirror.queues().length > 0, mirrorChanges(api.app));
  return { api, project, daemon };
}

/** Resolves when VS Code tells of files of the project: its watcher is a process of its own, which may start after the tests do. */
export async function watched(app: App, project: Project): Promise<void> {
  const file = path.join(project.path, '.sluice', 'workflows', 'order.yaml');
  const text = await readFile(file, 'utf8');
  let isTold = false;
  const told: Listen = (listener) =>
    app.projects.onDidChangeFiles(() => {
      isTold = true;
      listener();
    });
  const touched: Listen = (listener) => {
    const timer = setInterval(() => void writeFile(file, text).then(listener), 200);
    return { dispose: () => clearInterval(timer) };
  };
  await until('VS Code watches the project', () => isTold, told, touched);
}

export async function becomes(project: Project, kind: ConnectionStateKind): Promise<void> {
  await until(`the connection is ${kind}; it is ${project.connection.state.kind}`, () => project.connection.state.kind === kind, (listener) => project.connection.onDidChange(listener));
}

const driven = new Set<string>();

/** Every command that a test has driven. */
export function drivenCommands(): ReadonlySet<string> {
  return driven;
}

export interface Driven {
  readonly result: unknown;
  readonly asker: ScriptedAsker;
}

export interface DriveOptions {
  readonly args?: readonly unknown[];
  readonly answers?: readonly Answer[];
  /** The action that is chosen where something is told with it. */
  readonly takes?: string;
}

/** Calls a command as a menu or the palette does, and answers its questions. All answers have to be wanted. */
export async function drive(command: string, { args = [], answers = [], takes }: DriveOptions = {}): Promise<Driven> {
  const { app } = await sluice();
  driven.add(command);
  const before = app.ask;
  const asker = new ScriptedAsker(answers, takes === undefined ? {} : { takes });
  app.ask = asker;
  try {
    const result: unknown = await vscode.commands.executeCommand(command, ...args);
    assert.deepEqual(asker.left, [], `${command} did not ask for everything: ${asker.asked.join(' / ')}; told: ${asker.told.join(' / ')}`);
    return { result, asker };
  } finally {
    app.ask = before;
  }
}
