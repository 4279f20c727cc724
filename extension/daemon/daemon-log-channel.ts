import * as vscode from 'vscode';
import { isJsonObject } from '../../schemas/workflow/json.ts';
import type { Daemon } from '../../client/daemon-client.ts';
import type { Log } from '../base/log.ts';
import type { Project } from '../project/project.ts';
import { oneLine } from '../wording/outside-text.ts';
import { messageOf } from '../wording/client-fault-text.ts';
import { say } from '../wording/language.ts';

/** The daemons' own logs, one channel for each project; made when somebody wants to see it. */
export class DaemonLogChannel implements vscode.Disposable {
  readonly #channels = new Map<string, vscode.LogOutputChannel>();
  readonly #followed = new WeakSet<Daemon>();
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  /** Shows what the daemon writes from now on, with its last lines before. */
  async show(project: Project): Promise<void> {
    let channel = this.#channels.get(project.folder);
    if (channel === undefined) {
      channel = vscode.window.createOutputChannel(say('Sluice Daemon ({project})', { project: project.name }), { log: true });
      this.#channels.set(project.folder, channel);
      project.connection.onDidChange(() => void this.#follow(project));
    }
    channel.show(true);
    await this.#follow(project);
  }

  dispose(): void {
    for (const channel of this.#channels.values()) channel.dispose();
  }

  async #follow(project: Project): Promise<void> {
    const { daemon } = project;
    const channel = this.#channels.get(project.folder);
    if (daemon === undefined || channel === undefined || this.#followed.has(daemon)) return;
    this.#followed.add(daemon);
    try {
      const { snapshot } = await daemon.subscribe({ topic: 'log' }, ({ change }) => write(channel, change.lines ?? []));
      write(channel, snapshot.lines ?? []);
    } catch (error) {
      this.#log.warn(`the daemon's log: ${messageOf(error)}`);
    }
  }
}

const ownFields = new Set(['level', 'time', 'pid', 'hostname', 'msg', 'err']);

function write(channel: vscode.LogOutputChannel, lines: readonly string[]): void {
  for (const line of lines) {
    const { level, text } = readLogLine(line);
    if (level >= 50) channel.error(text);
    else if (level >= 40) channel.warn(text);
    else if (level >= 30) channel.info(text);
    else channel.debug(text);
  }
}

/** A line of pino's JSON: its level as a number, and what it says in one line. */
function readLogLine(line: string): { readonly level: number; readonly text: string } {
  let entry: unknown;
  try {
    entry = JSON.parse(line);
  } catch {
    return { level: 30, text: oneLine(line, 2000) };
  }
  if (!isJsonObject(entry)) return { level: 30, text: oneLine(line, 2000) };
  const { level, msg, err, time } = entry;
  const fields = Object.entries(entry)
    .filter(([name]) => !ownFields.has(name))
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  const error = isJsonObject(err) && typeof err['message'] === 'string' ? [err['message']] : [];
  const at = typeof time === 'number' ? [new Date(time).toISOString()] : [];
  return { level: typeof level === 'number' ? level : 30, text: oneLine([...at, typeof msg === 'string' ? msg : '', ...fields, ...error].join('  '), 2000) };
}
