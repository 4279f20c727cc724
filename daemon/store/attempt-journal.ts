import type { ClaimedJob, SettleParams } from './store.ts';
import type { AttemptRef, ClaimedAttempt } from '../ledger/call.ts';
import { JournalFile, type FoundEntry, type JournalEntry } from './journal-file.ts';

/** What an entry says. */
type Note =
  | { readonly ended: readonly SettleParams[] }
  /** Claimed at that time, and not begun. */
  | { readonly shelved: readonly AttemptRef[]; readonly at: number }
  | { readonly begun: readonly AttemptRef[] };

/**
 * What is known of attempts before it is in the store: which have begun, and how they ended. A process that dies takes none of it
 * along, so that the next one repeats no attempt that has ended, and calls none interrupted that hasn't begun. After a power cut the
 * store alone counts.
 */
export class AttemptJournal {
  /** Undefined if it can't be opened: then nothing is noted, which is as safe, and slower. */
  readonly #file: JournalFile | undefined;
  readonly #found = new Map<string, { readonly outcome: SettleParams; readonly entry: JournalEntry }>();
  readonly #shelved = new Map<string, ClaimedAttempt>();
  /** Noted, and not yet in the store. */
  readonly #open = new Map<SettleParams, JournalEntry>();

  constructor(file: string) {
    this.#file = openFile(file);
    for (const found of this.#file?.takeFound() ?? []) this.#read(found);
  }

  /** Attempts that had ended when the last process died. */
  get ended(): readonly AttemptRef[] {
    return [...this.#found.values()].map(({ outcome: { jobId, attempt } }) => ({ jobId, attempt }));
  }

  /** Attempts that had not begun when the last process died. */
  get shelved(): readonly ClaimedAttempt[] {
    return [...this.#shelved.values()];
  }

  /** How those of them ended that the store holds open; nothing else that was found counts. */
  takeOutcomes(leftOpen: readonly AttemptRef[]): SettleParams[] {
    const outcomes: SettleParams[] = [];
    for (const attempt of leftOpen) {
      const found = this.#found.get(keyOf(attempt));
      if (found === undefined) continue;
      this.#hold(found.outcome, found.entry);
      outcomes.push(found.outcome);
    }
    this.#found.clear();
    this.#shelved.clear();
    return outcomes;
  }

  /** Whether all of them are noted. `text`: JSON of them. */
  noteOutcomes(outcomes: readonly SettleParams[], text: string): boolean {
    // What never began has had no effect, and the number of its attempt will be used again.
    const effects = outcomes.filter((one) => one.outcome.kind !== 'returned' && !this.#open.has(one));
    if (effects.length === 0) return true;
    const entry = this.#file?.append(`{"ended":${effects.length === outcomes.length ? text : JSON.stringify(effects)}}`);
    if (entry === undefined) return false;
    for (const outcome of effects) this.#hold(outcome, entry);
    return true;
  }

  /** They are in the store. */
  settled(outcomes: readonly SettleParams[]): void {
    for (const outcome of outcomes) {
      const entry = this.#open.get(outcome);
      if (entry === undefined) continue;
      this.#file?.release(entry);
      this.#open.delete(outcome);
    }
  }

  shelve(jobs: readonly ClaimedJob[], at: number): void {
    this.#append({ shelved: jobs.map(attemptOf), at });
  }

  begin(jobs: readonly ClaimedJob[]): boolean {
    return this.#append({ begun: jobs.map(attemptOf) });
  }

  close(): void {
    // What nobody has taken yet is for the next one who opens the store.
    this.#file?.close({ keep: this.#found.size + this.#shelved.size > 0 });
  }

  #append(note: Note): boolean {
    return this.#file?.append(JSON.stringify(note)) !== undefined;
  }

  #hold(outcome: SettleParams, entry: JournalEntry): void {
    this.#file?.hold(entry);
    this.#open.set(outcome, entry);
  }

  #read({ text, entry }: FoundEntry): void {
    const note = JSON.parse(text) as Note;
    if ('ended' in note) for (const outcome of note.ended) this.#found.set(keyOf(outcome), { outcome, entry });
    else if ('shelved' in note) for (const attempt of note.shelved) this.#shelved.set(keyOf(attempt), { ...attempt, claimedAt: note.at });
    else for (const attempt of note.begun) this.#shelved.delete(keyOf(attempt));
  }
}

function openFile(file: string): JournalFile | undefined {
  try {
    return new JournalFile(file);
  } catch {
    return undefined;
  }
}

function attemptOf({ jobId, attempt }: ClaimedJob): AttemptRef {
  return { jobId, attempt };
}

function keyOf({ jobId, attempt }: AttemptRef): string {
  return `${jobId}/${attempt}`;
}
