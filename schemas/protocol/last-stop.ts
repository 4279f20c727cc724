import { isJsonObject, type Json } from '../workflow/json.ts';

/**
 * What a daemon leaves behind at an orderly end, for whoever finds none running: `.sluice/state/last-stop.json`, as `docs/protocol.md` has it. It is gone
 * while a daemon runs, and after one that died: nobody knows then.
 */
export interface LastStop {
  /** ISO 8601. */
  readonly at: string;
  /** Jobs that wait for a daemon: due, due later, or interrupted by the stop. */
  readonly waiting: number;
  readonly dead: number;
}

export const lastStopName = 'last-stop.json';
/** Of a file that is read. */
export const maxLastStopBytes = 4 * 1024;

/**
 * `proof` shows that this user's daemon wrote it for this folder: it has to be the HMAC of `lastStopProofText` under the owner's key. A clone could bring any
 * counts along.
 */
export interface ParsedLastStop {
  readonly lastStop: LastStop;
  readonly proof: string;
}

/** Undefined where the text says nothing that could be believed. */
export function parseLastStop(text: string): ParsedLastStop | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isJsonObject(value)) return undefined;
  const { at, waiting, dead, proof } = value;
  const isTime = typeof at === 'string' && /^\d{4}-\d\d-\d\dT[\d:.]{5,20}Z$/.test(at) && !Number.isNaN(Date.parse(at));
  return isTime && isCount(waiting) && isCount(dead) && typeof proof === 'string' ? { lastStop: { at, waiting, dead }, proof } : undefined;
}

function isCount(value: Json | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
