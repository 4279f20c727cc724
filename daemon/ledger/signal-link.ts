import { formatJobId, formatRunId } from '../../schemas/protocol/id.ts';
import { isJsonObject, type JsonObject } from '../../schemas/workflow/json.ts';
import type { Workflow } from '../../schemas/workflow/model.ts';
import type { SignalWait } from '../../schemas/protocol/signal.ts';
import { declaredSignal, expectedSignals, isUnderWay } from './expected-signals.ts';
import { never, type SignalLinkRow, type SignalRow } from './row.ts';
import type { RunFacts } from './snapshot.ts';

/** How long a link holds from the making of its job, if what it answers has no end of its own or has not begun to wait. In milliseconds. */
export const linkLifeMs = 30 * 24 * 60 * 60_000;

/** `over`: nothing waits for the answer any longer, or is going to. */
export type LinkStanding = 'open' | 'answered' | 'expired' | 'over';

export interface LinkSituation {
  readonly madeAt: number;
  readonly isAnswered: boolean;
  /** When those end that wait for the answer now. */
  readonly waits: readonly number[];
  /** Something is going to wait for it. */
  readonly isExpected: boolean;
}

/** Until when a link holds. */
export function linkEnd({ madeAt, waits }: Pick<LinkSituation, 'madeAt' | 'waits'>): number {
  const last = Math.max(0, ...waits);
  return waits.length === 0 || last >= never ? madeAt + linkLifeMs : last;
}

/** Of a link that is known. The same for who looks at it and for who answers by it. */
export function linkStanding(situation: LinkSituation, now: number): LinkStanding {
  if (situation.isAnswered) return 'answered';
  if (situation.waits.length === 0 && !situation.isExpected) return 'over';
  return now < linkEnd(situation) ? 'open' : 'expired';
}

/** Whether something of the run is going to wait for a name. */
export function isExpected(facts: RunFacts, workflow: Workflow | undefined, name: string): boolean {
  if (workflow === undefined || !isUnderWay(facts.run)) return false;
  const names = expectedSignals(facts, workflow);
  return names === undefined || names.includes(name);
}

/** What whoever has a link may see of it. */
export interface SignalLinkView {
  readonly runId: number;
  readonly run: string;
  /** The workflow's id. */
  readonly workflow: string;
  readonly signal: string;
  /** The job that carries the link. */
  readonly job: string;
  readonly standing: LinkStanding;
  /** Milliseconds since the epoch. */
  readonly until: number;
  /** The step that waits, or is going to; undefined if an expression gives its name. */
  readonly step?: string;
  readonly question?: string;
  /** Properties of a JSON Schema. */
  readonly payload?: JsonObject;
  readonly answer?: { readonly by: string; readonly at: number };
}

export interface SignalLinkFacts {
  readonly link: SignalLinkRow;
  readonly facts: RunFacts;
  /** The version that the run keeps; undefined if it can't be read. */
  readonly workflow: Workflow | undefined;
  readonly answer: SignalRow | undefined;
  /** Those that wait for it now, not all of them if they are many. */
  readonly waits: readonly SignalWait[];
}

export function signalLinkView({ link, facts, workflow, answer, waits }: SignalLinkFacts, now: number): SignalLinkView {
  const { name, run_id: runId, made_at: madeAt, job_id: jobId } = link;
  const ends = waits.map(({ until }) => (until === undefined ? never : Date.parse(until)));
  const situation = { madeAt, isAnswered: answer !== undefined, waits: ends, isExpected: isExpected(facts, workflow, name) };
  const [first] = waits;
  const { step, question, payload } = first ?? (workflow && declaredSignal(workflow, name)) ?? {};
  return {
    runId,
    run: formatRunId(runId),
    workflow: facts.run.workflow,
    signal: name,
    job: formatJobId(jobId),
    standing: linkStanding(situation, now),
    until: linkEnd(situation),
    ...(step === undefined ? {} : { step }),
    ...(question === undefined ? {} : { question }),
    ...(isJsonObject(payload) ? { payload } : {}),
    ...(answer === undefined ? {} : { answer: { by: answer.answered_by, at: answer.answered_at } }),
  };
}
