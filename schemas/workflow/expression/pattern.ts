import { codePointIndex } from '../code-points.ts';
import type { Evaluation } from './evaluation.ts';
import { ExpressionFault } from './fault.ts';

/**
 * The regular expressions of `matches()`. A RegExp backtracks, and a pattern such as `(a|a)*b` would then hang the daemon; so this
 * runs all branches side by side (Thompson's construction), which takes at most text length times pattern size, as CEL expects of RE2.
 * Single characters are left to RegExp: classes, escapes and `\p{L}` read as everybody knows them. No backreferences or lookaround.
 */
export interface Pattern {
  readonly states: readonly State[];
  readonly start: number;
}

type State =
  | { readonly kind: 'character'; readonly accepts: (character: string) => boolean; readonly next: number }
  | { kind: 'split'; first: number; second: number }
  | { readonly kind: 'assertion'; readonly holds: (before: string, after: string) => boolean; readonly next: number }
  | { readonly kind: 'match' };

const maxPatternLength = 500;
const maxStates = 2_000;
const maxNesting = 50;

export function parsePattern(source: string): Pattern {
  if (source.length > maxPatternLength) throw new ExpressionFault('limit', `A pattern has at most ${maxPatternLength} characters.`);
  return new PatternParser(source).parse();
}

/** Whether the pattern is found anywhere in the text; `^` and `$` anchor it. */
export function findsPattern(pattern: Pattern, text: string, run: Evaluation): boolean {
  const { states } = pattern;
  // A state's number is in `seen` when it was entered at that position.
  const seen = new Int32Array(states.length).fill(-1);
  let current: number[] = [];
  let before = '';
  let position = 0;
  const characters = text[Symbol.iterator]();
  for (;;) {
    const read = characters.next();
    const after = read.done === true ? '' : read.value;
    // The search may start again at each character.
    const open = [pattern.start, ...current.reverse()];
    const entered: number[] = [];
    let visited = 1;
    for (let state = open.pop(); state !== undefined; state = open.pop()) {
      if (seen[state] === position) continue;
      seen[state] = position;
      visited += 1;
      const at = states[state];
      if (at === undefined) continue;
      if (at.kind === 'match') return true;
      if (at.kind === 'split') open.push(at.second, at.first);
      else if (at.kind === 'character') entered.push(state);
      else if (at.holds(before, after)) open.push(at.next);
    }
    run.charge(visited);
    if (read.done === true) return false;
    current = [];
    for (const state of entered) {
      const at = states[state];
      if (at?.kind === 'character' && at.accepts(after)) current.push(at.next);
    }
    before = after;
    position += 1;
  }
}

/** Builds the states from the end of the pattern to its start, so that each knows what follows it. */
type Fragment = (next: number) => number;

class PatternParser {
  readonly #source: string;
  readonly #states: State[] = [{ kind: 'match' }];
  #position = 0;
  #nesting = 0;
  #copies = 0;
  #flags = 'u';

  constructor(source: string) {
    this.#source = source;
  }

  parse(): Pattern {
    const flags = /^\(\?([is]+)\)/.exec(this.#source);
    if (flags !== null) {
      this.#position = flags[0].length;
      this.#flags = [...new Set(`u${flags[1] ?? ''}`)].join('');
    }
    const whole = this.#alternatives();
    if (this.#position < this.#source.length) throw this.#fault(`')' without '('`);
    return { start: whole(0), states: this.#states };
  }

  #alternatives(): Fragment {
    const branches = [this.#sequence()];
    while (this.#take('|')) branches.push(this.#sequence());
    return (next) => branches.map((branch) => branch(next)).reduceRight((second, first) => this.#add({ kind: 'split', first, second }));
  }

  #sequence(): Fragment {
    const parts: Fragment[] = [];
    while (this.#position < this.#source.length && !this.#at('|') && !this.#at(')')) parts.push(this.#repeated());
    return (next) => parts.reduceRight((following, part) => part(following), next);
  }

  #repeated(): Fragment {
    const atom = this.#atom();
    const counts = this.#counts();
    if (counts === undefined) return atom;
    // Greedy or not makes no difference to whether there is a match.
    this.#take('?');
    if (this.#counts() !== undefined) throw this.#fault('two repetitions in a row');
    const [least, most] = counts;
    return (next) => {
      let following = most === undefined ? this.#star(atom, next) : next;
      for (let left = (most ?? least) - least; left > 0; left -= 1) following = this.#add({ kind: 'split', first: this.#copy(atom, following), second: next });
      for (let left = least; left > 0; left -= 1) following = this.#copy(atom, following);
      return following;
    };
  }

  /** Counted, because copies of nothing, as in `((){999}){999}`, take time without adding states. */
  #copy(atom: Fragment, next: number): number {
    this.#copies += 1;
    if (this.#copies > maxStates) throw new ExpressionFault('limit', 'The pattern is too large: its repetitions multiply.');
    return atom(next);
  }

  #star(atom: Fragment, next: number): number {
    const split: State = { kind: 'split', first: next, second: next };
    const index = this.#add(split);
    split.first = this.#copy(atom, index);
    return index;
  }

  #counts(): readonly [number, number | undefined] | undefined {
    if (this.#take('*')) return [0, undefined];
    if (this.#take('+')) return [1, undefined];
    if (this.#take('?')) return [0, 1];
    const braces = this.#matchHere(/\{(\d{1,4})(,(\d{1,4})?)?\}/y);
    if (braces === undefined) return undefined;
    const least = Number(braces[1]);
    const most = braces[2] === undefined ? least : braces[3] === undefined ? undefined : Number(braces[3]);
    if (most !== undefined && most < least) throw this.#fault('the counts in braces are out of order');
    return [least, most];
  }

  #atom(): Fragment {
    if (this.#at('(')) return this.#group();
    if (this.#take('^')) return this.#assertion((before) => before === '');
    if (this.#take('$')) return this.#assertion((_before, after) => after === '');
    const edge = this.#matchHere(/\\[bB]/y);
    if (edge !== undefined) {
      const wanted = edge[0] === '\\b';
      return this.#assertion((before, after) => (isWord(before) !== isWord(after)) === wanted);
    }
    const character = this.#matchHere(/\[(?:\\.|[^\]\\])*\]|\\[pP]\{[\w=]{1,40}\}|\\x[0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\u\{[0-9a-fA-F]{1,6}\}|\\[^1-9kpPxuc]|[^\\[\]*+?{}()|]/uy)
      // As RegExp without its `u` flag has it: a brace or bracket that means nothing stands for itself.
      ?? this.#matchHere(/[{}\]]/y);
    if (character === undefined) throw this.#fault(this.#at('\\') ? 'an escape that is not supported (there are no backreferences)' : `'${this.#source.charAt(this.#position)}' is out of place`);
    const accepts = this.#characterTest(/^[{}\]]$/.test(character[0]) ? `\\${character[0]}` : character[0]);
    return (next) => this.#add({ kind: 'character', accepts, next });
  }

  #group(): Fragment {
    const opening = this.#matchHere(/\((?:\?:|\?P?<[A-Za-z_]\w{0,40}>)?(?!\?)/y);
    if (opening === undefined) throw this.#fault('lookaround and flags inside are not supported');
    this.#nesting += 1;
    if (this.#nesting > maxNesting) throw new ExpressionFault('limit', 'The pattern has too many groups within each other.');
    const inside = this.#alternatives();
    if (!this.#take(')')) throw this.#fault(`')' is missing`);
    this.#nesting -= 1;
    return inside;
  }

  /** One character against a class can't backtrack, so RegExp may do it. */
  #characterTest(written: string): (character: string) => boolean {
    const source = readableEscapes(written);
    if (/^[\w @:/,;=&%#~"'<>-]$/.test(source) && !this.#flags.includes('i')) return (character) => character === source;
    let test: RegExp;
    try {
      test = new RegExp(`^(?:${source})$`, this.#flags);
    } catch {
      throw this.#fault(`'${source}' is not a character or class`);
    }
    return (character) => test.test(character);
  }

  #assertion(holds: (before: string, after: string) => boolean): Fragment {
    return (next) => this.#add({ kind: 'assertion', holds, next });
  }

  #add(state: State): number {
    if (this.#states.length >= maxStates) throw new ExpressionFault('limit', 'The pattern is too large: its repetitions multiply.');
    return this.#states.push(state) - 1;
  }

  #matchHere(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#position;
    const match = pattern.exec(this.#source) ?? undefined;
    if (match !== undefined) this.#position += match[0].length;
    return match;
  }

  #at(character: string): boolean {
    return this.#source.startsWith(character, this.#position);
  }

  #take(character: string): boolean {
    if (!this.#at(character)) return false;
    this.#position += character.length;
    return true;
  }

  #fault(what: string): ExpressionFault {
    return new ExpressionFault('evaluation', `The pattern of matches() can't be read: ${what}, at character ${codePointIndex(this.#source, this.#position) + 1}.`);
  }
}

/** RegExp refuses to escape what needs no escape, such as `\@`, once its `u` flag is set; people do it all the same. */
function readableEscapes(source: string): string {
  return source.replace(/\\([^A-Za-z0-9\s])/gu, (whole, character: string) => {
    if (character === '-') return source.startsWith('[') ? whole : character;
    return '^$\\.*+?()[]{}|/'.includes(character) ? whole : character;
  });
}

function isWord(character: string): boolean {
  return /^\w$/.test(character);
}
