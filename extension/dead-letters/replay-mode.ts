import type { Prompter } from '../ask/prompter.ts';
import type { BulkView } from '../../schemas/protocol/bulk.ts';
import { parseRate } from '../../schemas/workflow/rate.ts';
import type { Tally } from '../selection/batches.ts';
import { type BulkLotsOptions, inBulk } from '../selection/project-batches.ts';
import { say } from '../wording/language.ts';
import type { DeadLetterBatch } from './dead-group.ts';

/** How many dead letters are replayed: at once, a few first, or spread out. Of several projects, `count` and `rate` are of each. */
export type ReplayMode = { readonly kind: 'all' } | { readonly kind: 'canary'; readonly count: number } | { readonly kind: 'rate'; readonly rate: string };

/** More are not a canary, and each of them is looked at while it is waited for. */
const maxCanary = 100;

/** `counts`: how many of each project, each at least one. */
export async function pickReplayMode(ask: Prompter, counts: readonly number[], name: string): Promise<ReplayMode | undefined> {
  const count = counts.reduce((sum, each) => sum + each, 0);
  const isOne = counts.length === 1;
  const most = Math.max(...counts) - 1;
  const canary = {
    label: say('Try some first…'),
    detail: isOne
      ? say('Only the oldest few; when they have succeeded or failed, you decide on the others')
      : say('Only a few of each project; when they have succeeded or failed, you decide on the others'),
    way: 'canary' as const,
  };
  const slowly = {
    label: say('Replay all {count} slowly…', { count }),
    detail: isOne ? say('Spread out at a rate of your choice') : say('Spread out at a rate of your choice, which is that of each project'),
    way: 'rate' as const,
  };
  const items = [
    { label: say('Replay all {count}', { count }), detail: say("At once, as fast as the queue's own limits allow"), way: 'all' as const },
    // Where there is one of each project, the first are all.
    ...(most > 0 ? [canary] : []),
    slowly,
  ];
  const title = say('{count, plural, one {Replay # dead letter of {name}} other {Replay # dead letters of {name}}}', { count, name });
  const picked = await ask.pick(items, { title, placeHolder: say('Each begins a new round of attempts: what it does is done again.') });
  switch (picked?.way) {
    case undefined:
      return undefined;
    case 'all':
      return { kind: 'all' };
    case 'canary':
      return askCanary(ask, Math.min(maxCanary, most), isOne);
    case 'rate':
      return askRate(ask);
  }
}

async function askCanary(ask: Prompter, most: number, isOne: boolean): Promise<ReplayMode | undefined> {
  const text = await ask.input({
    title: say('Try some first'),
    prompt: isOne ? say('How many, the oldest first?') : say('How many of each project?'),
    value: '1',
    validateInput: (typed) => (isCount(typed, most) ? undefined : say('A whole number from 1 to {most}.', { most })),
  });
  return text === undefined || !isCount(text, most) ? undefined : { kind: 'canary', count: Number(text) };
}

export async function askRate(ask: Prompter): Promise<ReplayMode | undefined> {
  const rate = await ask.input({
    title: say('Replay slowly'),
    prompt: say('How fast? Such as 10/min (per s, min, h or d)'),
    value: '10/min',
    validateInput: (typed) => (parseRate(typed.trim()).ok ? undefined : say('A rate is such as 10/min (per s, min, h or d).')),
  });
  return rate === undefined ? undefined : { kind: 'rate', rate: rate.trim() };
}

function isCount(text: string, most: number): boolean {
  return /^\d{1,7}$/.test(text.trim()) && Number(text) >= 1 && Number(text) <= most;
}

/** Whether saved edits are sent, or kept and the originals sent; undefined if a person gave up. `edited`: at least one. */
export async function askEdits(ask: Prompter, { count, edited, name }: { readonly count: number; readonly edited: number; readonly name: string }): Promise<'send' | 'keep' | undefined> {
  const send = say('Send the Edits');
  const keep = say('Send the Originals');
  const rest = count - edited;
  const parts = [
    say('{count, plural, =1 {One of them has an edit that was saved and not sent yet.} other {# of them have edits that were saved and not sent yet.}}', { count: edited }),
    ...(rest === 0 ? [] : [say('{count, plural, =1 {The other one goes out as it is either way.} other {The other # go out as they are either way.}}', { count: rest })]),
    say('Where the originals are sent, the edits are kept.'),
  ];
  const chosen = await ask.decide({ question: say('{count, plural, one {Replay # dead letter of {name} with its edit?} other {Replay # dead letters of {name} with their edits?}}', { count, name }), detail: parts.join(' '), verb: send }, keep);
  return chosen === send ? 'send' : chosen === keep ? 'keep' : undefined;
}

export interface SendOptions extends BulkLotsOptions {
  /** Edits stay, unsent. */
  readonly originals: boolean;
  /** Spreads those of each project out: `10/min`. */
  readonly rate?: string;
}

/** What of one project went back to its queues. */
export interface SentLot {
  readonly lot: DeadLetterBatch;
  readonly tally: Tally;
  /** The work of the daemon that did it. */
  readonly bulks: readonly BulkView[];
  /** How many of them went out edited. */
  readonly edited: number;
}

/** Replays, project by project. Never rejects. */
export async function sendReplay(lots: readonly DeadLetterBatch[], { originals, rate, ...options }: SendOptions): Promise<readonly SentLot[]> {
  const outcomes = await inBulk(lots, { action: 'replay', ...(originals ? { originals } : {}), ...(rate === undefined ? {} : { rate }) }, options);
  return lots.flatMap((lot, index) => {
    const outcome = outcomes[index];
    return outcome === undefined ? [] : [{ lot, ...outcome, edited: outcome.bulks.reduce((sum, { edited }) => sum + edited, 0) }];
  });
}
