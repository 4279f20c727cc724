import type { DiagnosticCode, SourceRange } from '../diagnostic.ts';
import { secretName, type Expression, type Reference } from '../expression/expression.ts';
import type { TriggerKind } from '../../protocol/trigger.ts';
import { isName, nameProblem } from '../name.ts';
import { nearestName } from '../nearest-name.ts';
import { anyOf, didYouMean, quoted, type Report } from './report.ts';
import { message, type Message, sentences } from '../../wording/message.ts';

/** What is known of a step where another one refers to it. */
export interface KnownStep {
  readonly section: 'steps' | 'on-failure';
  /** Undefined: something is wrong with the step, so that nobody can tell. */
  readonly hasForeach: boolean | undefined;
  /** It has `paginate`. */
  readonly hasPages: boolean;
}

/** The names of a workflow and its project, as far as they are known. */
export interface KnownNames {
  readonly steps: ReadonlyMap<string, KnownStep>;
  /** Names that are none, and were reported: what names them is not reported as well. */
  readonly refused?: ReadonlySet<string>;
  /** Steps whose `results` are read somewhere, so that they are meant to have `foreach`. */
  readonly withResults?: ReadonlySet<string>;
  /** Undefined: not known, so not checked. */
  readonly inputs: ReadonlySet<string> | undefined;
  readonly vars: ReadonlySet<string> | undefined;
  readonly secrets: ReadonlySet<string> | undefined;
  readonly env: ReadonlySet<string> | undefined;
}

/** Where an expression stands, which decides what it can see. */
export interface ExpressionPlace {
  readonly step: string;
  readonly section: 'steps' | 'on-failure';
  /** The name of the current item; undefined if there is none. */
  readonly item: string | undefined;
  /** Each item is seen by itself here, also where a job has a batch of them. */
  readonly isBeforeBatch?: boolean;
  /** What the item is called where it can't be seen from here, as from `if`. */
  readonly hiddenItem?: string;
  /** Something is wrong with `foreach` or `as`, so that any name could be the item's. */
  readonly isItemUncertain?: boolean;
  /** It sees `page`, the answer that was read last. */
  readonly page?: true;
  /** For messages, where `item` is undefined. */
  readonly whyNoItem: Message;
  readonly secrets: boolean;
  /** The names that have a value here; left out, all of {@link roots}. */
  readonly roots?: readonly Root[];
  /** What can have started the run that is seen from here; left out, whatever the workflow says. */
  readonly triggers?: readonly TriggerKind[];
}

/** A step that an expression refers to. */
export interface StepReference {
  readonly step: string;
  readonly range: SourceRange;
}

export const roots = ['inputs', 'trigger', 'vars', 'steps', 'run', 'job', 'secrets', 'env'] as const;

export type Root = (typeof roots)[number];

export function isRoot(name: string): name is Root {
  return roots.some((root) => root === name);
}

/** How other languages write what is a word here. */
const literalWords: Readonly<Record<string, string>> = { True: 'true', TRUE: 'true', False: 'false', FALSE: 'false', None: 'null', NULL: 'null', Null: 'null', nil: 'null', undefined: 'null' };

const absences = {
  'unknown-input': (name: string) => message('There is no input {name}.', { name }),
  'unknown-var': (name: string) => message('There is no value {name} in `vars`.', { name }),
  'unknown-environment': (name: string) => message("The environment variable {name} is not one that 'env' of .sluice/config.yaml allows.", { name }),
  'unknown-secret': (name: string) => message("There is no secret {name}: set it with 'sluice secrets set'.", { name }),
} as const;

/** Checks the names of one expression; returns the steps that it refers to. */
export function checkNames(
  report: Report,
  expression: Expression,
  locate: (range: SourceRange) => SourceRange,
  place: ExpressionPlace,
  names: KnownNames,
): readonly StepReference[] {
  const found: StepReference[] = [];
  for (const reference of expression.references) {
    const step = new ReferenceCheck(report, expression, reference, locate, place, names).run();
    if (step !== undefined) found.push({ step, range: locate(reference.range) });
  }
  return found;
}

/** Where a part of a reference's path is in the expression's source; the whole reference where that can't be told. */
function partRange(source: string, { path, range }: Reference, index: number): SourceRange {
  let end = range.start;
  let start = end;
  for (const part of path.slice(0, index + 1)) {
    start = source.indexOf(part, end);
    end = start + part.length;
    if (start < 0 || end > range.end) return range;
  }
  return { start, end };
}

class ReferenceCheck {
  readonly #report: Report;
  readonly #reference: Reference;
  readonly #expression: Expression;
  readonly #locate: (range: SourceRange) => SourceRange;
  readonly #place: ExpressionPlace;
  readonly #names: KnownNames;

  constructor(report: Report, expression: Expression, reference: Reference, locate: (range: SourceRange) => SourceRange, place: ExpressionPlace, names: KnownNames) {
    this.#report = report;
    this.#expression = expression;
    this.#reference = reference;
    this.#locate = locate;
    this.#place = place;
    this.#names = names;
  }

  /** The id of the step that is referred to, where it is one that may be. */
  run(): string | undefined {
    const [root = '', name] = this.#reference.path;
    if (root === this.#place.item) return undefined;
    const { roots: seen } = this.#place;
    if (seen !== undefined && isRoot(root) && !seen.some((known) => known === root)) {
      this.#error('unknown-name', seen.length === 0 ? message('{name} has no value here: no name has.', { name: quoted(root) }) : message('{name} has no value here: only {names} has.', { name: quoted(root), names: anyOf(seen) }), 0, seen);
      return undefined;
    }
    if (root === 'page' && this.#place.page === true) return undefined;
    switch (root) {
      case 'inputs':
        this.#known('unknown-input', name, this.#names.inputs);
        return undefined;
      case 'vars':
        this.#known('unknown-var', name, this.#names.vars);
        return undefined;
      case 'steps':
        return this.#step();
      case 'secrets':
        this.#secret(name);
        return undefined;
      case 'env':
        this.#known('unknown-environment', name, this.#names.env);
        return undefined;
      case 'trigger':
      case 'run':
      case 'job':
        return undefined;
      default:
        this.#unknownRoot(root);
        return undefined;
    }
  }

  /** `index`: the part of the path that is wrong; left out, all of it. */
  #error(code: DiagnosticCode, message: Message, index?: number, suggestions: readonly string[] = [], cause?: string): void {
    const range = index === undefined ? this.#reference.range : partRange(this.#expression.source, this.#reference, index);
    this.#report.error(code, this.#locate(range), message, suggestions, cause);
  }

  #known(code: keyof typeof absences, name: string | undefined, known: ReadonlySet<string> | undefined): void {
    if (name === undefined || known === undefined || known.has(name) || (code === 'unknown-input' && isMeantByRefused(this.#names, name))) return;
    const nearest = nearestName(name, [...known].filter(isName));
    const hint = didYouMean(nearest) ?? (known.size === 0 ? message('There is none at all.') : message('There are: {names}.', { names: [...known].slice(0, 20).join(', ') }));
    this.#error(code, sentences(absences[code](quoted(name)), hint), 1, nearest === undefined ? [] : [nearest], known.size === 0 && code === 'unknown-input' ? 'no-inputs' : causeOf(code, name));
  }

  #step(): string | undefined {
    const [, id, property] = this.#reference.path;
    const { steps } = this.#names;
    if (id === undefined) {
      this.#error('unknown-step', message("Name the step: 'steps' alone doesn't say which ones this one waits for. Write steps.ID.output, say."));
      return undefined;
    }
    const step = steps.get(id);
    if (step === undefined) {
      if (this.#isRefused(id)) return undefined;
      const nearest = nearestName(id, [...steps.keys()].filter((other) => other !== this.#place.step && isName(other)));
      this.#error('unknown-step', sentences(message('There is no step {id}.', { id: quoted(id) }), didYouMean(nearest)), 1, nearest === undefined ? [] : [nearest], causeOf('unknown-step', id));
      return undefined;
    }
    if (step.section === 'on-failure' && this.#place.section === 'steps') {
      this.#error('unknown-step', message("{id} is a step of 'on-failure', which runs when the others have ended: only steps of 'on-failure' can refer to it.", { id: quoted(id) }), 1);
      return undefined;
    }
    if (id === this.#place.step) {
      this.#error('self-reference', message('{id} refers to itself, so it would wait for itself.', { id: quoted(id) }));
      return undefined;
    }
    if (property !== undefined) this.#stepProperty(id, step, property);
    return id;
  }

  #stepProperty(id: string, step: KnownStep, property: string): void {
    if (step.hasForeach === undefined && property !== 'status') return;
    const choices = step.hasForeach === true ? ['results', 'status'] : step.hasPages ? ['items', 'output', 'status'] : ['output', 'status'];
    if (choices.includes(property)) return;
    if (property === 'results') {
      this.#error('unknown-name', message("{id} has no 'foreach', so it has no results: use {code}.", { id: quoted(id), code: `steps.${id}.output` }), 2, ['output'], causeOf('foreach', id));
    } else if (property === 'output') {
      this.#error('unknown-name', message("{id} has 'foreach', so it has one output for each item: use {code}.", { id: quoted(id), code: `steps.${id}.results` }), 2, ['results'], causeOf('foreach', id));
    } else if (property === 'items') {
      const told = { id: quoted(id), code: `steps.${id}.${choices[0] ?? 'output'}` };
      this.#error('unknown-name', step.hasForeach === true ? message("{id} has no 'paginate', so it has no items: use {code}.", told) : message("{id} has no 'paginate', so it has no items: the whole answer is {code}.", told), 2, choices.slice(0, 1), causeOf('paginate', id));
    } else {
      const nearest = nearestName(property, choices);
      this.#error('unknown-name', sentences(message('A step has {choices}, not {property}.', { choices: anyOf(choices), property: quoted(property) }), didYouMean(nearest)), 2, nearest === undefined ? choices : [nearest]);
    }
  }

  #secret(name: string | undefined): void {
    if (!this.#place.secrets) {
      this.#error('secret-not-allowed', message('A secret can stand only where an action takes one (such as headers of http/request, or secret of webhook/send): here its value would be stored or shown.'));
    } else if (secretName(this.#expression) === undefined) {
      this.#error('secret-not-allowed', message('A secret stands alone between its braces, as in {code}: its value is filled in only when an attempt starts, so nothing can be calculated from it.', { code: '${{ secrets.NAME }}' }));
    } else {
      this.#known('unknown-secret', name, this.#names.secrets);
    }
  }

  #unknownRoot(root: string): void {
    const { item, hiddenItem, whyNoItem, step, isItemUncertain } = this.#place;
    if (isItemUncertain === true || this.#isRefused(root)) return;
    if (root === 'item' || root === hiddenItem) {
      const told = item === undefined ? message('There is no {name} here: {why}.', { name: quoted(root), why: whyNoItem }) : message("The item is called {name} here, as 'foreach' says.", { name: quoted(item) });
      this.#error('unknown-name', told, 0, item === undefined ? [] : [item], item === undefined && hiddenItem === undefined ? causeOf('foreach', step) : undefined);
      return;
    }
    if (root === 'page') {
      this.#error('unknown-name', message("There is no {name} here: only 'items', 'next' and 'query' of 'paginate' see a page.", { name: quoted(root) }), 0);
      return;
    }
    const word = Object.hasOwn(literalWords, root) ? literalWords[root] : undefined;
    if (word !== undefined) {
      this.#error('unknown-name', message('{root} is not a name that expressions know: write {word}.', { root: quoted(root), word }), 0, [word]);
      return;
    }
    const known = [...roots, ...(item === undefined ? [] : [item]), ...(this.#place.page === true ? ['page'] : [])];
    const likely = this.#likelyNames(root);
    const hint = likely.length > 0 ? message('Did you mean {names}?', { names: anyOf(likely) }) : message('Names are {names}.', { names: known.join(', ') });
    this.#error('unknown-name', sentences(message('{root} is not a name that expressions know.', { root: quoted(root) }), hint), 0, likely, this.#names.withResults?.has(step) === true ? causeOf('foreach', step) : causeOf('name', root));
  }

  /** What may have been meant by a name, the likeliest first: the item of the step, then what it is by its own name, then what it resembles. */
  #likelyNames(root: string): readonly string[] {
    const { item } = this.#place;
    const { inputs, vars, steps } = this.#names;
    const items = item !== undefined && (nearestName(root, [item]) !== undefined || item.toLowerCase().startsWith(root.toLowerCase())) ? [item] : [];
    const named = [...(inputs?.has(root) === true ? [`inputs.${root}`] : []), ...(vars?.has(root) === true ? [`vars.${root}`] : []), ...(steps.has(root) ? [`steps.${root}`] : [])];
    const nearest = nearestName(root, this.#place.page === true ? [...roots, 'page'] : roots);
    return [...items, ...named, ...(named.length === 0 && nearest !== undefined ? [nearest] : [])];
  }

  /** Whether a name is a piece of one that was refused for its '-', which expressions read as a minus, or what that was told to be instead. */
  #isRefused(name: string): boolean {
    return isMeantByRefused(this.#names, name) || [...(this.#names.refused ?? [])].some((refused) => refused.split('-').includes(name));
  }
}

/** Whether a name is the one that a refused name was told to be: who has put it right at one place will do so at the other. */
export function isMeantByRefused({ refused }: Pick<KnownNames, 'refused'>, name: string): boolean {
  return [...(refused ?? [])].some((one) => nameProblem(one, 'field', '')?.better === name);
}

/** Two errors about the same name are one mistake. */
function causeOf(kind: string, name: string): string {
  return `${kind} ${name}`;
}
