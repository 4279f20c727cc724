import { isBulkEnded, type BulkView } from '../schemas/protocol/bulk.ts';
import { CodedError } from '../schemas/protocol/error.ts';
import type { Daemon } from './daemon-client.ts';

export interface FollowOptions {
  /** Resolves when it is worth looking again. */
  readonly nextLook: () => Promise<void>;
  readonly onProgress?: (bulk: BulkView) => void;
  /** It is cancelled, and followed to its end. */
  readonly isCancelled?: () => boolean;
}

/** Looks at it again and again, until it has ended or is held. @throws CodedError if the daemon is lost; the work continues all the same */
export async function followBulk(daemon: Daemon, { id }: Pick<BulkView, 'id'>, { nextLook, onProgress, isCancelled }: FollowOptions): Promise<BulkView> {
  while (true) {
    const bulk = await daemon.call('bulk/get', { id });
    onProgress?.(bulk);
    if (isBulkEnded(bulk.state) || bulk.state === 'held') return bulk;
    if (isCancelled?.() === true && bulk.state === 'running') await cancel(daemon, id);
    else await nextLook();
  }
}

/** What a replay has sent, and no attempt has reached, is a dead letter again; also after its end. Answers when that is done. @throws CodedError */
export async function takeBackBulk(daemon: Daemon, id: string, options: Pick<FollowOptions, 'nextLook'>): Promise<BulkView> {
  return followBulk(daemon, await daemon.call('bulk/cancel', { id, takeBack: true }), options);
}

async function cancel(daemon: Daemon, id: string): Promise<void> {
  try {
    await daemon.call('bulk/cancel', { id });
  } catch (error) {
    // It has just ended.
    if (!(error instanceof CodedError && error.code === 'wrong-state')) throw error;
  }
}
