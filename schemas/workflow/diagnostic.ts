/** A place in a text: zero-based offsets in UTF-16 code units, `end` exclusive. */
export interface SourceRange {
  readonly start: number;
  readonly end: number;
}

export type Severity = 'error' | 'warning' | 'information';

/** A stable name for one kind of finding, such as `unknown-key`. Listed in `diagnostic-code.ts`. */
export type { DiagnosticCode } from './diagnostic-code.ts';
import type { Message } from '../wording/message.ts';
import type { DiagnosticCode } from './diagnostic-code.ts';

/** One finding about a text. The editor and `sluice validate` show the same ones. */
export interface Diagnostic {
  readonly severity: Severity;
  readonly code: DiagnosticCode;
  /** What is wrong and what would be right, in one or two plain sentences. */
  readonly message: Message;
  readonly range: SourceRange;
  /** Replacements that would fix it, most likely first ("did you mean"). */
  readonly suggestions?: readonly string[];
  /** The key that has to be added, for `missing-key`. */
  readonly missing?: string;
  /** What it follows from, for the analysis alone: errors with one cause are one mistake, and are said once. */
  readonly cause?: string;
  /** A text was wanted, and quotes would make one of what is there. */
  readonly isQuotable?: true;
  /** `unnecessary`: what is there does nothing; an editor fades it. */
  readonly tags?: readonly 'unnecessary'[];
}
