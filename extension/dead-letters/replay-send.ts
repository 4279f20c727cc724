import type { Params } from '../../schemas/protocol/method.ts';
import type { ProjectTally, Tally } from '../selection/batches.ts';
import { inLots } from '../selection/lots.ts';
import type { DeadLot } from './dead-lot.ts';

export interface SendOptions {
  /** Edits stay, unsent. */
  readonly originals: boolean;
  /** Spreads those of each project out: `10/min`. */
  readonly rate?: string;
  readonly isCancelled?: () => boolean;
  readonly onProgress?: (done: number, total: number) => void;
}

/** What of one project went back to its queues. */
export interface SentLot {
  readonly lot: DeadLot;
  readonly tally: Tally;
  /** Those that were replayed. */
  readonly ids: readonly string[];
  /** How many of them went out edited. */
  readonly edited: number;
}

/** Replays in batches. Each project's own are spread out as one, however many batches they are. Never rejects. */
export async function sendReplay(lots: readonly DeadLot[], { originals, rate, isCancelled, onProgress }: SendOptions): Promise<readonly SentLot[]> {
  const sent = lots.map((lot) => ({ lot, ids: [] as string[], edited: 0, continues: undefined as Params<'dead/replay'>['continues'] }));
  const tallies: readonly ProjectTally[] = await inLots<string>(
    sent.map((one) => ({
      project: one.lot.project.name,
      items: one.lot.ids,
      act: async (batch) => {
        const { ids, edited, lastDueAt, pace } = await one.lot.daemon.call('dead/replay', {
          ids: batch,
          ...(originals ? { originals } : {}),
          ...(rate === undefined ? {} : { rate, ...(one.continues === undefined ? {} : { continues: one.continues }) }),
        });
        one.ids.push(...ids);
        one.edited += edited;
        if (lastDueAt !== undefined && pace !== undefined) one.continues = { pace, lastDueAt };
      },
    })),
    { ...(isCancelled === undefined ? {} : { isCancelled }), ...(onProgress === undefined ? {} : { onProgress }) },
  );
  return sent.map(({ lot, ids, edited }, index) => ({ lot, ids, edited, tally: tallies[index]?.tally ?? { total: lot.ids.length, done: 0, skipped: 0, isCancelled: true } }));
}
