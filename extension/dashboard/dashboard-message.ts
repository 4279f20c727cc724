import type { DeadGroup } from '../../schemas/protocol/job.ts';
import type { QueueView } from '../../schemas/protocol/queue.ts';
import { isJsonObject } from '../../schemas/workflow/json.ts';
import type { ConnectionStateKind } from '../../client/connection-state.ts';
import { readChoice, type Choice } from './choice.ts';
import type { SeriesGrid } from './series-grid.ts';

/**
 * What the extension and the page of the dashboard say to each other. The page never gets the daemon's address or token: it asks for
 * what it shows, and for a few acts that the extension knows by name.
 */
export type MessageToPage = { readonly kind: 'texts'; readonly texts: Texts } | { readonly kind: 'now'; readonly now: Now } | { readonly kind: 'series'; readonly choice: Choice; readonly grid: SeriesGrid };

export interface Texts {
  /** A BCP 47 tag. */
  readonly language: string;
  /** Translations by the English text; missing where the language is English. */
  readonly bundle?: Readonly<Record<string, string>>;
}

/** How things stand. */
export interface Now {
  readonly atMs: number;
  readonly choice: Choice;
  readonly projects: readonly { readonly folder: string; readonly name: string }[];
  /** Of the chosen project; `none` if there is no project, `virtual` where there can't be one. */
  readonly connection: ConnectionStateKind | 'virtual';
  /** Why there is no daemon, where that is known. */
  readonly problem?: string;
  /** Of the chosen project, by name. */
  readonly queues: readonly QueueView[];
  /** Of the chosen queue, or of all; the newest first. */
  readonly dead: readonly DeadGroup[];
  /** Dead letters of groups that are not in `dead`. */
  readonly otherDead: number;
}

/** What a person can do from the page, besides choosing. Each asks back where it should, as it would from a menu. */
export const acts = ['startDaemon', 'restartDaemon', 'createProject', 'runWorkflow', 'showLog', 'showDeadLetters', 'replayGroup', 'pauseQueue', 'resumeQueue'] as const;
export type Act = (typeof acts)[number];

export type MessageFromPage =
  /** It has been loaded, and knows nothing yet. */
  | { readonly kind: 'ready' }
  | { readonly kind: 'choose'; readonly choice: Choice }
  | { readonly kind: 'act'; readonly act: Act; readonly queue?: string; readonly group?: string };

const maxChars = 4096;

/** A message of the page, checked: a page can be made to send anything. Undefined if it is none of them. */
export function readMessageFromPage(value: unknown): MessageFromPage | undefined {
  if (!isJsonObject(value)) return undefined;
  switch (value['kind']) {
    case 'ready':
      return { kind: 'ready' };
    case 'choose': {
      const choice = readChoice(value['choice']);
      return choice === undefined ? undefined : { kind: 'choose', choice };
    }
    case 'act': {
      const { act, queue, group } = value;
      const known = acts.find((each) => each === act);
      if (known === undefined || !isTextOrMissing(queue) || !isTextOrMissing(group)) return undefined;
      return { kind: 'act', act: known, ...(queue === undefined ? {} : { queue }), ...(group === undefined ? {} : { group }) };
    }
    default:
      return undefined;
  }
}

/** A message of the extension. What is in it was made by our own code, so only its kind is looked at. */
export function readMessageToPage(value: unknown): MessageToPage | undefined {
  if (typeof value !== 'object' || value === null || !('kind' in value)) return undefined;
  return value.kind === 'texts' || value.kind === 'now' || value.kind === 'series' ? (value as MessageToPage) : undefined;
}

function isTextOrMissing(value: unknown): value is string | undefined {
  return value === undefined || (typeof value === 'string' && value.length <= maxChars);
}
