import type { SourceRange } from '../diagnostic.ts';
import { secretName, type Expression, type Reference } from '../expression.ts';
import { nearestName } from '../nearest-name.ts';
import { anyOf, didYouMean, quoted, type Report } from './report.ts';

/** What is known of a step where another one refers to it. */
export interface KnownStep {
  readonly section: 'steps' | 'on-failure';
  readonly hasForeach: boolean;
}

/** The names of a workflow and its project, as far as they are known. */
export interface KnownNames {
  readonly steps: ReadonlyMap<string, KnownStep>;
  readonly inputs: ReadonlySet<string>;
  /** Undefined: not known, so not checked. */
  readonly secrets: ReadonlySet<string> | undefined;
  readonly env: ReadonlySet<string> | undefined;
}

/** Where an expression stands, which decides what it can see. */
export interface ExpressionPlace {
  readonly step: string;
  readonly section: 'steps' | 'on-failure';
  /** The name of the current item; undefined where there is none. */
  readonly item: string | undefined;
  /** For messages, where `item` is undefined. */
  readonly whyNoItem: string;
  readonly secrets: boolean;
}

/** A step that an expression refers to. */
export interface StepReference {
  readonly step: string;
  readonly range: SourceRange;
}

export const roots = ['inputs', 'trigger', 'steps', 'run', 'job', 'secrets', 'env'] as const;

const stepProperties = ['output', 'results', 'status'] as const;

/** Checks the names of one expression; returns the steps that it refers to. */
export function checkNames(
  report: Report,
  expression: Expression,
  locate: (range: SourceRange) => SourceRange,
  place: ExpressionPlace,
  names: KnownNames,
): readonly StepReference[] {
  const found: StepReference[] = [];
  const check = new ReferenceCheck(report, expression, place, names);
  for (const reference of expression.references) {
    const range = locate(reference.range);
    const step = check.run(reference, range);
    if (step !== undefined) found.push({ step, range });
  }
  return found;
}

class ReferenceCheck {
  readonly #report: Report;
  readonly #expression: Expression;
  readonly #place: ExpressionPlace;
  readonly #names: KnownNames;

  constructor(report: Report, expression: Expression, place: ExpressionPlace, names: KnownNames) {
    this.#report = report;
    this.#expression = expression;
    this.#place = place;
    this.#names = names;
  }

  /** The id of the step that is referred to, where it is one that may be. */
  run({ path }: Reference, range: SourceRange): string | undefined {
    const [root = '', name, property] = path;
    if (root === this.#place.item) return undefined;
    switch (root) {
      case 'inputs':
        if (name !== undefined) this.#known('unknown-input', 'input', name, this.#names.inputs, range, 'inputs.');
        return undefined;
      case 'steps':
        return this.#step(name, property, range);
      case 'secrets':
        this.#secret(name, range);
        return undefined;
      case 'env':
        if (name !== undefined) this.#known('unknown-environment', "variable of config.yaml's 'env'", name, this.#names.env, range, 'env.');
        return undefined;
      case 'trigger':
      case 'run':
      case 'job':
        return undefined;
      default:
        this.#unknownRoot(root, path, range);
        return undefined;
    }
  }

  #known(code: 'unknown-input' | 'unknown-environment' | 'unknown-secret', what: string, name: string, known: ReadonlySet<string> | undefined, range: SourceRange, prefix: string): void {
    if (known === undefined || known.has(name)) return;
    const nearest = nearestName(name, known);
    const suggestions = nearest === undefined ? [] : [`${prefix}${nearest}`];
    const hint = didYouMean(nearest) || (known.size === 0 ? ' There is none at all.' : ` There are: ${[...known].slice(0, 20).join(', ')}.`);
    this.#report.error(code, range, `There is no ${what} ${quoted(name)}.${hint}`, suggestions);
  }

  #step(id: string | undefined, property: string | undefined, range: SourceRange): string | undefined {
    const { steps } = this.#names;
    if (id === undefined) {
      this.#report.error('unknown-step', range, "Name the step: 'steps' alone doesn't say which ones this one waits for. Write steps.ID.output, say.");
      return undefined;
    }
    const step = steps.get(id);
    if (step === undefined) {
      const nearest = nearestName(id, steps.keys());
      const suggestions = nearest === undefined ? [] : [['steps', nearest, ...(property === undefined ? [] : [property])].join('.')];
      this.#report.error('unknown-step', range, `There is no step ${quoted(id)}.${didYouMean(nearest)}`, suggestions);
      return undefined;
    }
    if (step.section === 'on-failure' && this.#place.section === 'steps') {
      this.#report.error('unknown-step', range, `${quoted(id)} is a step of 'on-failure', which runs when the others have ended: only steps of 'on-failure' can refer to it.`);
      return undefined;
    }
    if (id === this.#place.step) {
      this.#report.error('self-reference', range, `${quoted(id)} refers to itself, so it would wait for itself.`);
      return undefined;
    }
    if (property !== undefined) this.#stepProperty(id, step, property, range);
    return id;
  }

  #stepProperty(id: string, step: KnownStep, property: string, range: SourceRange): void {
    if (property === 'results' && !step.hasForeach) {
      this.#report.error('unknown-name', range, `${quoted(id)} has no 'foreach', so it has no results: use steps.${id}.output.`, [`steps.${id}.output`]);
    } else if (property === 'output' && step.hasForeach) {
      this.#report.error('unknown-name', range, `${quoted(id)} has 'foreach', so it has one output for each item: use steps.${id}.results.`, [`steps.${id}.results`]);
    } else if (!stepProperties.some((known) => known === property)) {
      const choices = step.hasForeach ? ['results', 'status'] : ['output', 'status'];
      const nearest = nearestName(property, choices);
      this.#report.error('unknown-name', range, `A step has ${anyOf(choices)}, not ${quoted(property)}.${didYouMean(nearest)}`, (nearest === undefined ? choices : [nearest]).map((name) => `steps.${id}.${name}`));
    }
  }

  #secret(name: string | undefined, range: SourceRange): void {
    if (!this.#place.secrets) {
      this.#report.error(
        'secret-not-allowed',
        range,
        'A secret can stand only where an action takes one (such as headers of http/request, or secret of webhook/send): here its value would be stored or shown.',
      );
      return;
    }
    if (name === undefined || secretName(this.#expression) === undefined) {
      this.#report.error(
        'secret-not-allowed',
        range,
        'A secret stands alone between its braces, as in ${{ secrets.NAME }}: its value is filled in only when an attempt starts, so nothing can be calculated from it.',
      );
      return;
    }
    this.#known('unknown-secret', 'secret', name, this.#names.secrets, range, 'secrets.');
  }

  #unknownRoot(root: string, path: readonly string[], range: SourceRange): void {
    const { item, whyNoItem } = this.#place;
    const rest = path.slice(1).map((part) => `.${part}`).join('');
    if (root === 'item') {
      const message = item === undefined ? `There is no 'item' here: ${whyNoItem}.` : `The item is called ${quoted(item)} here, as 'foreach' says.`;
      this.#report.error('unknown-name', range, message, item === undefined ? [] : [`${item}${rest}`]);
      return;
    }
    const known = [...roots, ...(item === undefined ? [] : [item])];
    const nearest = nearestName(root, known);
    const hint = this.#names.inputs.has(root)
      ? ` Did you mean 'inputs.${root}'?`
      : this.#names.steps.has(root)
        ? ` Did you mean 'steps.${root}.output'?`
        : didYouMean(nearest) || ` Names are ${known.join(', ')}.`;
    const suggestions = this.#names.inputs.has(root) ? [`inputs.${root}${rest}`] : this.#names.steps.has(root) ? [`steps.${root}${rest}`] : nearest === undefined ? [] : [`${nearest}${rest}`];
    this.#report.error('unknown-name', range, `${quoted(root)} is not a name that expressions know.${hint}`, suggestions);
  }
}
