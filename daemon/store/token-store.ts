import type { KeepTokenParams, LeaseTokenParams, TokenKept, TokenLease } from '../ledger/token-lease.ts';

/** Tokens of connections that were fetched, encrypted by whoever fetched them; the rules are in `ledger/token-lease.ts`. */
export interface TokenStore {
  /** What is kept, if it is newer than what the caller has; else whether the caller may fetch the next one. */
  leaseToken(params: LeaseTokenParams): Promise<TokenLease>;
  /** Survives a power cut when it resolves, even if `durability` is `normal`: a server that replaces refresh tokens takes the one before no longer. */
  keepToken(params: KeepTokenParams): Promise<TokenKept>;
}
