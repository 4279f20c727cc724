import type { SettleParams } from '../../ledger/call.ts';
import { releaseBuffer } from '../../platform/release-buffer.ts';

/** Outcomes on their way to the writer, as the text that may have been noted. */
export interface SettleCall {
  /** JSON of `SettleParams[]`, with an empty output in place of each of `outputs`. */
  readonly outcomes: string;
  /** Outputs that are UTF-8, by the place of their outcome. */
  readonly outputs?: ReadonlyMap<number, Uint8Array>;
  readonly now: number;
}

export function settleCall(outcomes: readonly SettleParams[]): SettleCall {
  const now = outcomes.reduce((latest, { endedAt }) => Math.max(latest, endedAt), 0);
  const outputs = new Map<number, Uint8Array>();
  for (const [index, { outcome }] of outcomes.entries()) if (outcome.kind === 'succeeded' && typeof outcome.output !== 'string') outputs.set(index, outcome.output);
  if (outputs.size === 0) return { outcomes: JSON.stringify(outcomes), now };
  return { outcomes: JSON.stringify(outcomes.map((one, index) => (outputs.has(index) ? withOutput(one, '') : one))), outputs, now };
}

export function settledOutcomes({ outcomes, outputs }: SettleCall): readonly SettleParams[] {
  const settled = JSON.parse(outcomes) as readonly SettleParams[];
  return outputs === undefined ? settled : settled.map((one, index) => withOutput(one, outputs.get(index)));
}

/** The outputs that a thread was given a copy of are in the store. */
export function releaseOutputs({ outputs }: SettleCall): void {
  for (const output of outputs?.values() ?? []) releaseBuffer(output);
}

function withOutput(params: SettleParams, output: string | Uint8Array | undefined): SettleParams {
  return output === undefined || params.outcome.kind !== 'succeeded' ? params : { ...params, outcome: { ...params.outcome, output } };
}
