import { entryOf } from '../../workflow/document.ts';
import { formatDuration, rateMessage } from '../../wording/amount.ts';
import { queueDefaults } from '../../workflow/model.ts';
import type { Adviser } from './advice.ts';
import { message } from '../../wording/message.ts';

/** A mean of fewer says too little. */
const minAttempts = 20;
/** What the mean may be wrong by. */
const margin = 0.9;

/** `concurrency` attempts at a time, each as long as measured, are all that can start, whatever the rate allows. */
export const rateOutOfReach: Adviser = ({ queues, live }, say) => {
  for (const [name, { path, definition, entry }] of queues) {
    const figures = live?.get(name);
    const { rate, concurrency = queueDefaults.concurrency } = definition;
    if (rate === undefined || figures === undefined || figures.attempts < minAttempts || figures.attemptMs <= 0) continue;
    const reached = Math.floor((concurrency * rate.perMs) / figures.attemptMs);
    if (reached >= rate.limit * margin) continue;
    const needed = Math.ceil((rate.limit * figures.attemptMs) / rate.perMs);
    const at = entryOf(entry.value, 'rate')?.keyRange ?? entry.keyRange;
    say(path, at, message('An attempt takes {duration} on average, so {concurrency} at a time reach about {reached}, not {rate}. It takes a concurrency of {needed}.', { duration: formatDuration(figures.attemptMs), concurrency, reached: rateMessage({ ...rate, limit: reached }), rate: rateMessage(rate), needed }));
  }
};
