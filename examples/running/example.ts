import type { Narrator } from './narrator.ts';

/** What a receiver's record has to show, and what it shows. */
export interface Finding {
  readonly what: string;
  /** With what was expected, where that isn't said by `what`. */
  readonly seen: string;
  readonly ok: boolean;
}

export interface ExampleReport {
  readonly jobs: number;
  /** As Sluice counts them. */
  readonly attempts: number;
  /** What the receiver has in its record, each thing once. */
  readonly arrived: number;
  /** What the receiver has got more than once. */
  readonly twice: number;
  /** The limit, and the most that the receiver saw. */
  readonly limit: string;
  readonly most: string;
  /** What went wrong, and how it was fixed. */
  readonly fixed: readonly string[];
  readonly findings: readonly Finding[];
}

export interface ExampleContext {
  readonly narrator: Narrator;
  /** Ends everything: Ctrl-C, or a run that takes far too long. */
  readonly signal: AbortSignal;
  /** The `sluice` command to use; that of `bin/` if it is missing. */
  readonly command?: readonly string[];
  /** Leave the project's copy where it is, for a look into it. */
  readonly keep?: boolean;
}

export interface Example<Size> {
  readonly name: string;
  readonly title: string;
  /** As the job is in real life. */
  readonly full: Size;
  /** In seconds; what is scaled is said. */
  readonly small: Size;
  readonly run: (size: Size, context: ExampleContext) => Promise<ExampleReport>;
  /** Starts the servers alone, at the ports that the YAML names. Answers with what to type next, and how to stop them. */
  readonly serve: () => Promise<Servers>;
}

export interface Servers {
  readonly secrets: Readonly<Record<string, string>>;
  readonly tryThis: readonly string[];
  /** What they have got so far, on a line. */
  readonly status: () => string;
  readonly onNote: (listener: () => void) => void;
  readonly stop: () => Promise<void>;
}

/** A finding that two numbers are the same. */
export function same(what: string, seen: number, expected: number, note = ''): Finding {
  const ok = seen === expected;
  return { what, seen: `${formatCount(seen)}${ok ? '' : `, not ${formatCount(expected)}`}${note === '' ? '' : ` (${note})`}`, ok };
}

/** A finding that a number doesn't exceed another. */
export function atMost(what: string, seen: number, limit: number, note = `at most ${formatCount(limit)}`): Finding {
  return { what, seen: `${formatCount(seen)} (${note})`, ok: seen <= limit };
}

export function formatCount(value: number): string {
  return value.toLocaleString('en-US');
}

/** `350 ms`, `12.4 s`, `1 h 05 min`. */
export function formatMs(ms: number): string {
  if (ms < 995) return `${ms < 10 ? ms.toFixed(1) : ms.toFixed(0)} ms`;
  if (ms < 90_000) return `${(ms / 1000).toFixed(1).replace(/\.0$/, '')} s`;
  const minutes = Math.round(ms / 60_000);
  return minutes < 90 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}
