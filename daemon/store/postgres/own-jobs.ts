import type { LedgerJob } from '../../ledger/row.ts';

/**
 * The jobs that this daemon has under way, as its claims left them, so that their outcomes are decided without reading them again. Nobody who writes beside it changes them; whoever needs the store
 * alone may. Each of those takes a number (`loneTransactions`), so what is kept holds as long as no number has been taken since.
 */
export class OwnJobs {
  /** The number that had been taken last when they were kept. */
  #asOf: number | undefined;
  readonly #jobs = new Map<number, LedgerJob>();

  get asOf(): number | undefined {
    return this.#asOf;
  }

  find(id: number): LedgerJob | undefined {
    return this.#jobs.get(id);
  }

  /** A transaction that read that number has claimed these. */
  keep(lone: number, claimed: ReadonlyMap<number, LedgerJob>): void {
    if (lone !== this.#asOf) this.forget();
    this.#asOf = lone;
    for (const [id, job] of claimed) this.#jobs.set(id, job);
  }

  /** It is changed. */
  drop(id: number): void {
    this.#jobs.delete(id);
  }

  forget(): void {
    this.#asOf = undefined;
    this.#jobs.clear();
  }
}
