import { askQueue } from '../ask/pickers.ts';
import type { QueueView } from '../../schemas/protocol/queue.ts';
import { ratesOfQueue } from '../../schemas/wording/queue.ts';
import { exactRates, parseRateText } from '../../schemas/workflow/rate.ts';
import { formatRates, paragraphOf, say } from '../wording/language.ts';
import { isHeld, queueDescription, waitingIn } from '../wording/queue.ts';
import type { Command } from './app.ts';

/** Holds immediately and over restarts, until it is taken back. */
const setRate: Command = {
  acts: true,
  run: async (app, argument) => {
    const asked = await askQueue(app, argument, say("Which queue's rate is to be set?"));
    if (asked === undefined) return undefined;
    const { project, queue } = asked;
    const text = await app.ask.input({
      title: say('Rate of {queue}', { queue: queue.name }),
      prompt: say("Such as 100/min (per s, min, h or d), several with commas between them (20/s, 50000/d), or none for no limit; empty goes back to what the file says."),
      value: queue.rate === undefined ? 'none' : exactRates(ratesOfQueue(queue)),
      validateInput: (typed) => rateProblem(typed.trim()),
    });
    if (text === undefined) return undefined;
    const rate = text.trim() === '' ? 'file' : text.trim();
    return (await project.connection.ensure()).call('queue/set', { queue: queue.name, rate });
  },
};

/** What is wrong with a rate that was typed; undefined if nothing is. */
function rateProblem(text: string): string | undefined {
  if (text === '' || text === 'none' || text === 'file') return undefined;
  const parsed = parseRateText(text);
  return parsed.ok ? undefined : paragraphOf(parsed.problems.slice(0, 1).map(({ message }) => message));
}

const most = 10_000;

/** Holds immediately and over restarts, until it is taken back. */
const setConcurrency: Command = {
  acts: true,
  run: async (app, argument) => {
    const asked = await askQueue(app, argument, say("Which queue's concurrency is to be set?"));
    if (asked === undefined) return undefined;
    const { project, queue } = asked;
    const text = await app.ask.input({
      title: say('Concurrency of {queue}', { queue: queue.name }),
      prompt: say('How many attempts at the same time; empty goes back to what the file says.'),
      value: String(queue.concurrency),
      validateInput: (typed) => (isConcurrency(typed.trim()) ? undefined : say('A whole number from 1 to {most}.', { most })),
    });
    if (text === undefined || !isConcurrency(text.trim())) return undefined;
    const concurrency = text.trim() === '' ? 'file' : Number(text);
    return (await project.connection.ensure()).call('queue/set', { queue: queue.name, concurrency });
  },
};

function isConcurrency(text: string): boolean {
  return text === '' || (/^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= most);
}

/** All that is in a queue goes to another one: it was renamed, say. */
const moveQueue: Command = {
  acts: true,
  run: async (app, argument) => {
    const asked = await askQueue(app, argument, say('Which queue are the jobs in?'), ({ undeclared }) => undeclared !== undefined);
    if (asked === undefined) return undefined;
    const { project, queue } = asked;
    const daemon = await project.connection.ensure();
    const { queues } = await daemon.call('queue/list', {});
    const targets = queues.filter(({ name, declaredIn }) => name !== queue.name && (declaredIn !== undefined || name === 'default'));
    if (targets.length === 0) {
      void app.ask.tell('information', say('No file declares another queue that the jobs could be moved to.'));
      return undefined;
    }
    const picked = await app.ask.pick(
      targets.map((target) => ({ label: target.name, description: limitsText(target), detail: queueDescription(target, Date.now()), target })),
      { title: say('Move the jobs of {queue}', { queue: queue.name }), placeHolder: say('Whose limits are to hold for them?') },
    );
    if (picked === undefined) return undefined;
    const { target } = picked;
    const { selected, carries } = await daemon.call('queue/move', { queue: queue.name, to: target.name, dryRun: true });
    const isConfirmed = await app.ask.confirm({
      question: say('{count, plural, one {Move # job from {from} to {to}?} other {Move # jobs from {from} to {to}?}}', { count: selected, from: queue.name, to: target.name }),
      detail: [say('From their next attempt on they obey its limits: {limits}.', { limits: limitsText(target) }), ...settingsText(queue, target, carries === true)].join(' '),
      verb: say('Move'),
    });
    if (!isConfirmed) return undefined;
    const result = await daemon.call('queue/move', { queue: queue.name, to: target.name });
    void app.ask.tell('information', say('{count, plural, one {# job moved from {from} to {to}.} other {# jobs moved from {from} to {to}.}}', { count: result.moved, from: queue.name, to: target.name }));
    return result;
  },
};

/** What of its settings by hand has to be known before. */
function settingsText(queue: QueueView, target: QueueView, carries: boolean): string[] {
  if (carries) return [say('What was set by hand for {queue} will hold for {target}.', { queue: queue.name, target: target.name })];
  if (!isStopped(queue) || isStopped(target)) return [];
  return [say('{queue} is paused or held back, and {target} is not: they can start immediately.', { queue: queue.name, target: target.name })];
}

function limitsText(queue: QueueView): string {
  return say('{rate}, {concurrency} at the same time', { rate: formatRates(ratesOfQueue(queue)), concurrency: queue.concurrency });
}

function isStopped(queue: QueueView): boolean {
  return queue.paused || isHeld(queue, Date.now());
}

/** What is in a queue that no file declares any longer goes without its last limits. */
const releaseQueue: Command = {
  acts: true,
  run: async (app, argument) => {
    const asked = await askQueue(app, argument, say('Which queue is to be released?'), ({ undeclared }) => undeclared?.reason === 'gone');
    if (asked === undefined) return undefined;
    const { project, queue } = asked;
    const last = formatRates(ratesOfQueue(queue));
    const isConfirmed = await app.ask.confirm({
      question: say('Let the jobs of {queue} go without their limits?', { queue: queue.name }),
      detail: say('Jobs that wait: {waiting}. Until now: {rate}, {concurrency} at the same time. Then: no rate limit, 10 at the same time. What was set by hand stays.', { waiting: waitingIn(queue), rate: last, concurrency: queue.concurrency }),
      verb: say('Release'),
    });
    return isConfirmed ? (await project.connection.ensure()).call('queue/release', { queue: queue.name }) : undefined;
  },
};

export const queueLimitCommands = { setRate, setConcurrency, moveQueue, releaseQueue };
