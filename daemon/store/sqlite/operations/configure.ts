import { defaultQueueName, type QueueDefinition } from '../../../../schemas/workflow/model.ts';
import { limitsThatHold } from '../../../ledger/queue-orders.ts';
import type { ConfigureParams } from '../../store.ts';
import type { WriteTransaction } from '../write-transaction.ts';

/** Some of the steps that have a job in a queue. */
const waitingSteps = "SELECT step_id FROM jobs INDEXED BY jobs_pending WHERE state = 'pending' AND queue_id = ? LIMIT 100";
const deadSteps = "SELECT step_id FROM jobs INDEXED BY jobs_dead WHERE state = 'dead' AND queue_id = ? LIMIT 100";

export function configure(tx: WriteTransaction, params: ConfigureParams): { readonly queues: readonly QueueDefinition[] } {
  const declared = new Set(params.queues.map(({ name }) => name));
  const undeclared = tx.state.allDepths().flatMap(({ name }) => (declared.has(name) ? [] : [name]));
  const queues = limitsThatHold(params, undeclared, (name) => lastDeclaration(tx, name));
  tx.state.configure({ ...params, queues });
  for (const definition of params.queues) keep(tx, definition);
  return { queues };
}

export function forgetLimits(tx: WriteTransaction, { queue, onlyEmpty = false }: { readonly queue: string; readonly onlyEmpty?: boolean }): { readonly forgotten: boolean } {
  const { pending, delayed, active, dead } = tx.state.depthOf(tx.state.queueId(queue));
  if (onlyEmpty && pending + delayed + active + dead > 0) return { forgotten: false };
  const defaults = { name: queue };
  tx.state.setQueueSettings(defaults);
  keep(tx, defaults);
  return { forgotten: true };
}

function keep(tx: WriteTransaction, queue: QueueDefinition): void {
  const definition = JSON.stringify(queue);
  tx.db.sql('UPDATE queues SET definition = ? WHERE id = ? AND definition IS NOT ?').run(definition, tx.state.queueId(queue.name), definition);
}

function lastDeclaration(tx: WriteTransaction, name: string): QueueDefinition | undefined {
  const id = tx.state.queueId(name);
  const row = tx.db.sql('SELECT definition FROM queues WHERE id = ?').get(id);
  if (typeof row?.['definition'] === 'string') return JSON.parse(row['definition']) as QueueDefinition;
  // A store of an earlier Sluice, which forgot a declaration that had gone. `default` needs none.
  const definition = name === defaultQueueName ? undefined : fromVersions(tx, name, id);
  if (definition !== undefined) keep(tx, definition);
  return definition;
}

/** What the workflow says with which a run began that still has something in the queue; of those that were looked at, the newest. */
function fromVersions(tx: WriteTransaction, name: string, id: number): QueueDefinition | undefined {
  const steps = new Set([waitingSteps, deadSteps].flatMap((select) => tx.db.sql(select).all(id).map((row) => Number(row['step_id']))));
  const newestFirst = [...steps].sort((a, b) => b - a);
  for (const version of new Set(newestFirst.map((step) => tx.state.stepInfo(step).version))) {
    const found = tx.state.workflow(version).queues[name];
    if (found !== undefined) return found;
  }
  return undefined;
}
