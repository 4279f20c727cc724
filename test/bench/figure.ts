/** One thing that was measured, and what it should be. */
export interface Figure {
  readonly what: string;
  readonly value: number;
  /** `/s`, `ms`, `MB`, `%` or a noun: `lost`. */
  readonly unit: string;
  readonly target?: { readonly atLeast: number } | { readonly atMost: number };
  /** What a reader has to know to judge it. */
  readonly note?: string;
}

export interface BenchOptions {
  /** A short form: smaller and with fewer rounds; it shows that all works, and no figure to quote. */
  readonly quick: boolean;
  /** Tells anyone who waits what is being done. */
  readonly progress: (line: string) => void;
}

export type Bench = (options: BenchOptions) => Promise<readonly Figure[]>;

/** Undefined if there is nothing to meet. */
export function isMet({ value, target }: Figure): boolean | undefined {
  if (target === undefined) return undefined;
  return 'atLeast' in target ? value >= target.atLeast : value <= target.atMost;
}

export function formatValue(value: number, unit: string): string {
  const digits = Number.isInteger(value) || Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  const number = value.toLocaleString('en-US', { maximumFractionDigits: digits, minimumFractionDigits: digits });
  return unit === '%' || unit === '/s' ? `${number}${unit}` : `${number} ${unit}`;
}

export function formatTarget({ target, unit }: Figure): string {
  if (target === undefined) return '';
  return 'atLeast' in target ? `≥ ${formatValue(target.atLeast, unit)}` : `≤ ${formatValue(target.atMost, unit)}`;
}
