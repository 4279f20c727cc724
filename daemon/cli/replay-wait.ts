import { setTimeout as delay } from 'node:timers/promises';
import type { ReplayTally } from '../../schemas/protocol/replay.ts';
import type { DaemonClient } from '../../client/daemon-client.ts';
import { renderTally } from './render/dead-letters.ts';
import type { Terminal } from './terminal.ts';

/** Between two looks, in milliseconds: the first outcomes are seen soon, and hours cost nothing. */
const firstLookMs = 200;
const longestLookMs = 2000;

/** Waits until each of the jobs, a thousand at most, has succeeded, died or been cancelled. On a terminal it shows how far they are. */
export async function waitForReplay(client: DaemonClient, ids: readonly string[], terminal: Terminal, isShown: boolean): Promise<ReplayTally> {
  let shown = '';
  for (let waitMs = firstLookMs; ; waitMs = Math.min(longestLookMs, waitMs * 1.5)) {
    const tally = await client.call('dead/tally', { ids: [...ids] });
    const text = renderTally(tally, terminal.errorView);
    if (isShown && terminal.io.stderr.isTTY === true && text !== shown) terminal.err(text);
    shown = text;
    if (tally.active + tally.retrying + tally.waiting === 0) return tally;
    await delay(waitMs);
  }
}
