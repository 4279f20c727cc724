/** A call has to be decided when the changes of those before it are written. Never leaves the ledger: `decide` answers the others. */
export class PutOff extends Error {
  override readonly name = 'PutOff';
}

const putOff = new PutOff('what is before it has to be written first');

const maxCharacters = 1024 * 1024;

/** What the calls of one decision have made, for those after them that would decide otherwise by it. */
export class CallsSoFar {
  /** Of events and of runs that were started with one. */
  readonly keys = new Set<string>();
  /** Of workflows that were kept with a run. */
  readonly versions = new Set<string>();
  /** Whose deliveries are trimmed. */
  readonly trimmed = new Set<string>();
  deliveries = 0;
  #characters = 0;
  readonly #starts = new Map<number, number>();
  #mayPutOff = false;

  /** The next one. `mayPutOff`: its caller asks again for what is left of the batch. */
  begin(mayPutOff: boolean): void {
    this.#mayPutOff = mayPutOff;
  }

  /** @throws PutOff unless the call has to be decided now: call it before anything is changed */
  putOff(): void {
    if (this.#mayPutOff) throw putOff;
  }

  /**
   * What a run begins with, in characters of JSON: all that one decision starts is parsed together when it is written.
   *
   * @throws PutOff
   */
  weigh(characters: number): void {
    if (this.#characters > 0 && this.#characters + characters > maxCharacters) this.putOff();
    this.#characters += characters;
  }

  /** A run that was made begins with a job in that queue, which is made when the run is written. */
  startIn(queueId: number): void {
    this.#starts.set(queueId, this.startsIn(queueId) + 1);
  }

  startsIn(queueId: number): number {
    return this.#starts.get(queueId) ?? 0;
  }
}
