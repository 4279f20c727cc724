import type { Message } from '../wording/message.ts';

/** A place in a text: zero-based offsets in UTF-16 code units, `end` exclusive. */
export interface SourceRange {
  readonly start: number;
  readonly end: number;
}

export type Severity = 'error' | 'warning' | 'information';


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

/**
 * Every kind of finding, with what it means. Codes are stable: editors link them and people filter by them. A new kind gets
 * a new code; a code never changes its meaning.
 */
export const diagnosticCodes = {
  'yaml-syntax': 'The text is not YAML 1.2, or uses a part of YAML that is not used here.',
  'duplicate-key': 'A key is twice in one map.',
  'too-large': 'The file, or what its aliases repeat, is larger than the limit.',
  'too-deep': 'Lists and maps are nested deeper than the limit.',
  'unreadable-file': 'A file or folder of the project can not be read, or is not a regular file.',
  'too-many-folders': 'The project has more folders than are searched for workflows.',
  'empty-file': 'The file is empty, or is not a map.',
  'bad-value': 'A value is not valid for its key.',
  'wrong-type': 'A value has the wrong type, such as a list instead of text.',
  'unknown-key': 'A key is not known at this place.',
  'missing-key': 'A required key is missing.',
  'conflicting-keys': 'Two keys exclude each other.',
  'bad-id': 'A name does not match `^[A-Za-z_][A-Za-z0-9_]*$`, or is reserved.',
  'bad-duration': 'A duration is not a number with a unit, or is out of bounds.',
  'bad-rate': 'A rate is not of the form `100/min` or `{ limit, per, burst }`.',
  'bad-retry': 'A retry policy is not valid.',
  'bad-priority': 'A priority is not 0 to 9, `low`, `normal` or `high`.',
  'bad-percentage': 'A percentage is not 0% to 100%.',
  'bad-schema': 'The JSON Schema of an input is not valid.',
  'bad-default': "An input's default does not fit its own schema.",
  'bad-cron': 'A cron expression is not five valid fields.',
  'bad-timezone': 'A time zone is not an IANA name.',
  'bad-file-name': 'A file of items is neither `.csv`, `.jsonl` nor `.json`.',
  'bad-expression': 'An expression between `${{` and `}}` is not valid.',
  'bad-query': 'An SQL statement can not be run as it is, or its values do not fit it.',
  'bad-script': 'The code of a step is not valid, or reads what is not there.',
  'bad-with': "A value of `with` does not fit the action's input.",
  'unknown-name': 'An expression uses a name that does not exist at this place.',
  'unknown-field': 'An expression reads a field that its value never has.',
  'undeclared-field': 'An expression reads a field that the schema of an input does not declare, and that is nearly one that it declares.',
  'type-mismatch': 'An operator, a function or a condition is given a value that it can not work on.',
  'always-fails': 'A part of an expression is the same in each run, and fails.',
  'never-equal': 'Two values are compared that are never equal.',
  'constant-condition': 'An `if` is always true.',
  'constant-key': 'The `key` of a `foreach` is the same for every item, so that all but the first would be left out; or the `query` of `paginate` is the same for every page.',
  'unknown-input': 'An input is named that the workflow does not declare.',
  'unknown-var': 'A value is named that `vars` does not have.',
  'unknown-step': 'A step is named that does not exist, or can not be used at this place.',
  'unknown-action': '`uses` names no action.',
  'unknown-workflow': 'A step runs a workflow that does not exist, or its name is not literal.',
  'unknown-queue': 'A queue is named that is declared nowhere.',
  'unknown-connection': 'A connection is named that `connections.yaml` does not declare, or its name is not literal.',
  'unknown-secret': 'A secret is named that is not set.',
  'unknown-environment': 'An environment variable is named that `config.yaml` does not allow.',
  'secret-not-allowed': 'A secret is used in a place where its value would be stored or shown.',
  'unknown-signal': 'A link answers a signal that no step waits for.',
  'link-not-allowed': 'A link to answer a signal is in a place where it would be stored or shown, or where none can be made.',
  'duplicate-queue': 'A queue is declared twice in the project.',
  'duplicate-step': 'A step of `on-failure` has the id of another step.',
  'duplicate-workflow': 'Two workflow files have the same id.',
  'duplicate-webhook': 'Two workflows have a webhook with the same path.',
  'unverified-webhook': 'A webhook starts a workflow without verification of its sender.',
  'no-listener': 'A workflow has a webhook, or sends links to answer signals, but `config.yaml` does not say where to listen, or what others call it.',
  'self-reference': 'A step waits for itself.',
  cycle: 'Steps wait for each other in a circle, workflows start each other in a circle, or values of `vars` use each other in a circle.',
  'no-steps': 'A workflow has no steps.',
  'not-supported': 'Something is written correctly, but is not supported yet.',
} as const satisfies Readonly<Record<string, string>>;

export type DiagnosticCode = keyof typeof diagnosticCodes;
