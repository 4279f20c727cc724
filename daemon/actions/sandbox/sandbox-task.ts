/** What the daemon asks the process of the sandbox for, and what that answers. The bytes beside a task are its input as JSON, those beside a success its result. */
export interface SandboxTask {
  /** An expression of JSONata runs as a script that has its library. */
  readonly language: 'script' | 'jsonata';
  readonly code: string;
  /** Wall time that the code sees, in milliseconds since the epoch. */
  readonly nowMs: number;
  /** Of random numbers: the same in all attempts of a job. */
  readonly seed: number;
  /** Processor time, in milliseconds. */
  readonly limitMs: number;
}

/** `log`: what the code wrote, line by line, bounded. */
export type SandboxReply = { readonly ok: true; readonly log: readonly string[]; readonly isSpent?: true } | { readonly ok: false; readonly fault: SandboxFault; readonly log: readonly string[]; readonly isSpent?: true };

/** Why there is no result. `line`: of the code, from 1. */
export type SandboxFault =
  | { readonly kind: 'syntax' | 'thrown'; readonly text: string; readonly line?: number }
  | { readonly kind: 'no-function' }
  | { readonly kind: 'time' | 'memory' | 'depth' | 'never-settles'; readonly line?: number }
  /** `what`: `a function`, `NaN`; `undefined` at `output` is no result at all. */
  | { readonly kind: 'not-json'; readonly what: string; readonly path: string }
  | { readonly kind: 'too-large'; readonly bytes: number }
  /** The sandbox itself failed. */
  | { readonly kind: 'broken'; readonly text: string };

/** Largest result, in bytes of JSON. */
export const maxResultBytes = 1_048_576;
/** Memory of a script, in bytes. */
export const scriptMemoryBytes = 64 * 1024 * 1024;
