import { message } from '../../wording/message.ts';
import { entryOf } from '../../workflow/document.ts';
import { exactRate, isWithoutEffect, ratesOf } from '../../workflow/rate.ts';
import type { AdviceRule } from './advice.ts';
import { queueUses } from './queues.ts';

/** If all jobs of a queue use one connection, it lets them start, and a rate of the queue that allows more says something else than what happens. */
export const rateBeyondConnection: AdviceRule = (project, say) => {
  const uses = queueUses(project);
  for (const [name, { path, definition, entry }] of project.queues) {
    const used = new Set((uses.get(name) ?? []).map(({ analysed }) => analysed.step.connection));
    const [connection] = used;
    const rates = connection === undefined || used.size !== 1 ? [] : ratesOf(project.connections.get(connection)?.limits?.rate);
    for (const rate of ratesOf(definition.rate)) {
      const beside = rates.find((other) => isWithoutEffect(rate, other));
      if (beside === undefined || connection === undefined) continue;
      say(path, entryOf(entry.value, 'rate')?.keyRange ?? entry.keyRange, message("The queue '{name}' never reaches {rate}: all of its steps use the connection '{connection}', which lets {beside} start over all queues.", { name, rate: exactRate(rate), connection, beside: exactRate(beside) }));
    }
  }
};
