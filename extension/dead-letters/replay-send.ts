import type { BulkView } from '../../schemas/protocol/bulk.ts';
import type { Tally } from '../selection/batches.ts';
import { inBulk, type BulkLotsOptions } from '../selection/bulk-lots.ts';
import type { DeadLot } from './dead-lot.ts';

export interface SendOptions extends BulkLotsOptions {
  /** Edits stay, unsent. */
  readonly originals: boolean;
  /** Spreads those of each project out: `10/min`. */
  readonly rate?: string;
}

/** What of one project went back to its queues. */
export interface SentLot {
  readonly lot: DeadLot;
  readonly tally: Tally;
  /** The work of the daemon that did it. */
  readonly bulks: readonly BulkView[];
  /** How many of them went out edited. */
  readonly edited: number;
}

/** Replays, project by project. Never rejects. */
export async function sendReplay(lots: readonly DeadLot[], { originals, rate, ...options }: SendOptions): Promise<readonly SentLot[]> {
  const outcomes = await inBulk(lots, { action: 'replay', ...(originals ? { originals } : {}), ...(rate === undefined ? {} : { rate }) }, options);
  return lots.flatMap((lot, index) => {
    const outcome = outcomes[index];
    return outcome === undefined ? [] : [{ lot, ...outcome, edited: outcome.bulks.reduce((sum, { edited }) => sum + edited, 0) }];
  });
}
