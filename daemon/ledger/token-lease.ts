/**
 * The token of a connection, as a store keeps it: one that was fetched, encrypted, with a number that goes up with each; and who fetches the next one. A server that replaces
 * refresh tokens takes each only once, so at any time one daemon may use it.
 */
export interface TokenRow {
  readonly connection: string;
  /** 0: none has been kept yet. */
  readonly version: number;
  /** See `actions/auth/token-seal.ts`. */
  readonly sealed: string | null;
  /** The number of the daemon that fetches the next one. */
  readonly leased_by: number | null;
  readonly leased_until: number | null;
}

export interface LeaseTokenParams {
  readonly connection: string;
  /** The version that the caller has, and that isn't good enough; 0 if it has none. */
  readonly version: number;
  readonly now: number;
  /** How long it may take to fetch one, in milliseconds; after that another daemon may. */
  readonly leaseMs: number;
}

/**
 * `newer`: there is one that the caller doesn't know. `busy`: another daemon fetches one. `granted`: the caller does, and says by `keepToken` what has come of it.
 * `wasCutOff`: somebody has begun to fetch one and never said what came of it.
 */
export type TokenLease =
  | { readonly kind: 'newer'; readonly version: number; readonly sealed: string }
  | { readonly kind: 'busy'; readonly inMs: number }
  | { readonly kind: 'granted'; readonly version: number; readonly sealed?: string; readonly wasCutOff: boolean };

export interface KeepTokenParams {
  readonly connection: string;
  /** As it was granted. */
  readonly version: number;
  /** Undefined: none could be fetched. */
  readonly sealed?: string;
}

/** `kept`: false if another daemon has kept one meanwhile, which is the one that counts. */
export interface TokenKept {
  readonly kept: boolean;
}

export interface TokenDecision<Answer> {
  readonly answer: Answer;
  /** What has to be written, if anything. */
  readonly row?: TokenRow;
}

/** `daemon`: who asks. It fetches one token at a time, so a lease of its own is of a process that has ended. */
export function leaseToken(row: TokenRow | undefined, { connection, version, now, leaseMs }: LeaseTokenParams, daemon: number): TokenDecision<TokenLease> {
  if (row !== undefined && row.sealed !== null && row.version > version) return { answer: { kind: 'newer', version: row.version, sealed: row.sealed } };
  const until = row?.leased_until ?? null;
  if (row !== undefined && until !== null && until > now && row.leased_by !== daemon) return { answer: { kind: 'busy', inMs: until - now } };
  const next: TokenRow = { connection, version: row?.version ?? 0, sealed: row?.sealed ?? null, leased_by: daemon, leased_until: now + leaseMs };
  return { answer: { kind: 'granted', version: next.version, ...(next.sealed === null ? {} : { sealed: next.sealed }), wasCutOff: until !== null }, row: next };
}

/** Only of whoever has the lease, so that one that took too long doesn't put an older token in the place of a newer one. */
export function keepToken(row: TokenRow | undefined, { version, sealed }: KeepTokenParams, daemon: number): TokenDecision<TokenKept> {
  if (row?.version !== version || row.leased_by !== daemon) return { answer: { kept: false } };
  const next = sealed === undefined ? {} : { version: version + 1, sealed };
  return { answer: { kept: true }, row: { ...row, ...next, leased_by: null, leased_until: null } };
}
