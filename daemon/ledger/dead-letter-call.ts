/** What a store is asked to do with dead letters: to send them again, to take that back, and to keep edits of their payloads until then. */

export interface ReplayParams {
  readonly jobIds: readonly number[];
  readonly now: number;
  /** When each is due; `now` if it is missing. */
  readonly dueAts?: readonly number[];
  /** Jobs with the same number keep the distances of their due times, even if nothing could be due for a while. */
  readonly pace?: number;
  /** JSON: a new revision, for a single job. What were references to secrets in it still are, see `revisedSecrets`. */
  readonly payload?: string;
  /** Drafts are left as they are, unsent. */
  readonly originals?: boolean;
}

export interface ReplayResult {
  readonly replayed: readonly number[];
  /** How many of them went out with another payload than before: with their drafts, or with `payload`. */
  readonly edited: number;
}

export interface RecallParams {
  readonly jobIds: readonly number[];
  readonly now: number;
  /** Also those that were attempted since they were replayed, and wait for another attempt. */
  readonly tried?: boolean;
}

export interface SaveDraftParams {
  readonly jobId: number;
  /** JSON. */
  readonly payload: string;
  /** The revision that was edited, draft or not; not checked if omitted. */
  readonly baseRevision?: number;
  /** A person or program, for anyone who looks at it. */
  readonly savedBy?: string;
  readonly now: number;
}

export interface DropDraftParams {
  readonly jobId: number;
  readonly baseRevision?: number;
  readonly now: number;
}
