import type { SignalWait } from '../../schemas/protocol/signal.ts';
import { commands } from '../base/ids.ts';
import { say } from '../wording/language.ts';
import { oneLine } from '../wording/outside-text.ts';
import type { AlertMemory, NoticeAction } from './alert-crossings.ts';

/** A job of a project that waits for an answer. */
export interface FoundWait {
  /** Of the project, as a URI. */
  readonly folder: string;
  readonly wait: SignalWait;
}

const toldKey = 'waits.told';
/** Names of signals that a notification lists. */
const maxListed = 3;

/** Which waits a person has been told of, over reloads of the window. Of several windows that are open, the daemon says which one tells (`signal/notice`). */
export class ToldWaits {
  readonly #memory: AlertMemory;

  constructor(memory: AlertMemory) {
    this.#memory = memory;
  }

  /** Those that nobody has been told of; from now on they count as told. `waits`: all that the project has. */
  take(folder: string, waits: readonly SignalWait[]): readonly SignalWait[] {
    // Other windows write it too.
    const told = this.#memory.get<Record<string, readonly string[]>>(toldKey) ?? {};
    const before = new Set(told[folder]);
    const fresh = waits.filter((wait) => !before.has(keyOf(wait)));
    // What waits no longer is forgotten.
    if (fresh.length > 0 || before.size > waits.length) void this.#memory.update(toldKey, { ...told, [folder]: waits.map(keyOf) });
    return fresh;
  }
}

/** The same job waits again after a replay. */
function keyOf({ job, since }: SignalWait): string {
  return `${job} ${since}`;
}

export interface WaitNotice {
  readonly message: string;
  readonly actions: readonly NoticeAction[];
}

/** One message for all that began to wait at about the same time; undefined for nothing. */
export function waitNotice(found: readonly FoundWait[]): WaitNotice | undefined {
  const [first] = found;
  if (first === undefined) return undefined;
  const { folder, wait } = first;
  const { run } = wait;
  const open = { title: say('Open Run'), command: commands.openRun, target: { folder, run } };
  if (found.length === 1) {
    const told = { workflow: wait.workflow, run, signal: oneLine(wait.signal, 80) };
    const message = wait.question === undefined ? say("{workflow} ({run}) waits for an answer to '{signal}'.", told) : say('{workflow} ({run}) asks: {question}', { ...told, question: oneLine(wait.question, 300) });
    return { message, actions: [{ title: say('Answer…'), command: commands.answerSignal, target: { folder, run, job: wait.job } }, open] };
  }
  const names = [...new Set(found.map(({ wait: one }) => `${oneLine(one.signal, 40)} (${one.run})`))];
  const list = `${names.slice(0, maxListed).join(', ')}${names.length > maxListed ? ' …' : ''}`;
  const message = say('{count, plural, one {# step waits for an answer: {list}} other {# steps wait for an answer: {list}}}', { count: found.length, list });
  const isOneProject = found.every((one) => one.folder === folder);
  const isOneRun = isOneProject && found.every((one) => one.wait.run === run);
  const answer = { title: say('Answer…'), command: commands.answerSignal, ...(isOneProject ? { target: { folder, ...(isOneRun ? { run } : {}) } } : {}) };
  return { message, actions: isOneRun ? [answer, open] : [answer] };
}
