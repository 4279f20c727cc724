/** The names that an author chooses: of steps, inputs, queues, connections and items. */
import { withoutHidden } from './visible-text.ts';
import { type Message, message, sentences } from '../wording/message.ts';

const namePattern = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * How expressions read a name: `field` behind a dot (`steps.NAME`), `variable` by itself (`as: NAME`), `none` not at all (a queue).
 */
export type NameUse = 'none' | 'field' | 'variable';

export interface NameProblem {
  /** In whole sentences. */
  readonly message: Message;
  /** A name like it that would do. */
  readonly better?: string;
}

/** Literals and an operator of CEL: `steps.in` can't be read. */
const words: ReadonlySet<string> = new Set(['null', 'true', 'false', 'in']);

/** Words that CEL keeps for itself (`RESERVED` of its grammar), and the name before `bind()`: behind a dot, they are names like any other. */
const reservedAlone: ReadonlySet<string> = new Set([
  'as', 'break', 'const', 'continue', 'else', 'for', 'function', 'if', 'import', 'let', 'loop', 'package', 'namespace', 'return', 'var', 'void', 'while', 'cel',
]);

export function isName(text: string): boolean {
  return namePattern.test(text);
}

/** Whether expressions can read a name that way. */
export function isReadable(name: string, use: NameUse): boolean {
  return use === 'none' || !(words.has(name) || (use === 'variable' && reservedAlone.has(name)));
}

/** What is wrong with a name; undefined if nothing is. `shown`: the name as a message quotes it. */
export function nameProblem(name: string, use: NameUse, shown: string): NameProblem | undefined {
  // As a key of a plain object it would set the prototype instead.
  if (name === '__proto__') return { message: message("'__proto__' is reserved. Take another name.") };
  if (!isName(name)) return malformed(name, shown);
  if (isReadable(name, use)) return undefined;
  const better = `${name}_`;
  return { message: message("{shown} is a word of expressions, so that no expression could read it. Take another name, such as '{better}'.", { shown, better }), better };
}

function malformed(name: string, shown: string): NameProblem {
  const candidate = withoutHidden(name).trim().normalize('NFKC').replace(/[^A-Za-z0-9_]+/g, '_').replace(/^(?=[0-9])/, '_').slice(0, 80);
  const better = isName(candidate) && candidate.replaceAll('_', '') !== '' ? candidate : undefined;
  const why = name.includes('-') ? message("Expressions would read its '-' as a minus.") : undefined;
  const hint = better === undefined ? undefined : message("Write '{better}', for example.", { better });
  return { message: sentences(message("{shown} is not a name: a name has letters from A to Z, digits and underscores, and doesn't begin with a digit.", { shown }), why, hint), ...(better === undefined ? {} : { better }) };
}
