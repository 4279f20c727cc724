/** In any window of `perMs`, at most `limit` starts; `burst` of them may be back to back, the rest are spaced. */
export interface Rate {
  readonly limit: number;
  readonly perMs: number;
  readonly burst: number;
}
