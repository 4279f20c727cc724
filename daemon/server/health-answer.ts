import type { Json } from '../../schemas/workflow/json.ts';
import type { Clock } from '../core/clock.ts';

/** Why the daemon can't do its work just now, for a person; undefined where it can. Anyone on this machine may read it. */
export type Health = () => Promise<string | undefined>;

/** Status and body of `/healthz`. A check that fails, or takes longer than `limitMs`, is an answer too. */
export async function healthAnswer(health: Health, clock: Clock, limitMs: number): Promise<readonly [status: number, body: Json]> {
  const reason = await new Promise<string | undefined>((resolve) => {
    const timer = clock.setTimer(limitMs, () => resolve(`the check took longer than ${limitMs} ms`));
    Promise.resolve()
      .then(health)
      .catch(() => 'the check failed; the log has the details')
      .then((found) => {
        timer.cancel();
        resolve(found);
      })
      .catch(() => undefined);
  });
  return reason === undefined ? [200, { status: 'ok' }] : [503, { status: 'unavailable', reason }];
}
