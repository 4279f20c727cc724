import { CodedError } from '../../schemas/protocol/error.ts';
import { type KeepTokenParams, keepToken, type LeaseTokenParams, leaseToken, type TokenDecision, type TokenKept, type TokenLease, type TokenRow } from '../../daemon/ledger/token-lease.ts';
import type { TokenStore } from '../../daemon/store/token-store.ts';

/** Tokens of connections by the rules of every store, in memory. `as`: how another daemon that shares it sees it. */
export class MemoryTokens implements TokenStore {
  /** Nothing can be kept. */
  isFull = false;
  readonly #rows: Map<string, TokenRow>;
  readonly #daemon: number;

  constructor(daemon = 0, rows = new Map<string, TokenRow>()) {
    this.#daemon = daemon;
    this.#rows = rows;
  }

  as(daemon: number): MemoryTokens {
    return new MemoryTokens(daemon, this.#rows);
  }

  row(connection: string): TokenRow | undefined {
    return this.#rows.get(connection);
  }

  async leaseToken(params: LeaseTokenParams): Promise<TokenLease> {
    return this.#decided(leaseToken(this.#rows.get(params.connection), params, this.#daemon));
  }

  async keepToken(params: KeepTokenParams): Promise<TokenKept> {
    if (this.isFull) throw new CodedError('store-unavailable', 'The disk is full.');
    return this.#decided(keepToken(this.#rows.get(params.connection), params, this.#daemon));
  }

  #decided<Answer>({ answer, row }: TokenDecision<Answer>): Answer {
    if (row !== undefined) this.#rows.set(row.connection, row);
    return answer;
  }
}
