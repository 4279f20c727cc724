/** The runs against which expressions are evaluated, where a person has chosen one; else it is the last one. Forgotten with the window. */
export class ChosenRuns {
  readonly #byWorkflow = new Map<string, string>();

  get(folder: string, workflow: string): string | undefined {
    return this.#byWorkflow.get(`${folder}\n${workflow}`);
  }

  /** Undefined: the last one again. */
  set(folder: string, workflow: string, run: string | undefined): void {
    const key = `${folder}\n${workflow}`;
    if (run === undefined) this.#byWorkflow.delete(key);
    else this.#byWorkflow.set(key, run);
  }
}
