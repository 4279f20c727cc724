import type { SourceRange } from '../diagnostic.ts';
import type { DocumentNode, MapEntry, MapNode, ScalarNode } from '../document.ts';
import { parseExpression, type Expression } from '../expression/expression.ts';
import { expressionsOf, parseCondition, parseTemplate, splitTemplateText, type Template, type TemplateError } from '../template.ts';
import { checkNames, type ExpressionPlace, type KnownNames, type StepReference } from './expression-scope.ts';
import type { Report } from './report.ts';
import { locator, type Locator } from './scalar-source.ts';
import { message, verbatim } from '../../wording/message.ts';

/** Whether a secret may be at a path below the template's root. */
export type SecretRule = (path: readonly (string | number)[]) => boolean;

/** The key of `with` that holds code, in which no expression can stand. */
export type CodeKey = string | undefined;

/** A parsed expression, and where its source stands. */
export interface PlacedExpression {
  readonly expression: Expression;
  /** Turns a range of the source into one of the file's text. */
  readonly locate: Locator;
}

/** A scalar in which expressions stand, or may stand. */
export interface TemplateSite {
  readonly node: ScalarNode;
  readonly place: ExpressionPlace;
  /** `condition`: an expression with or without its braces; `template`: expressions are what stands between braces; `script`: JavaScript, of which the expressions are what it reads. */
  readonly form: 'condition' | 'template' | 'script';
  /** Those that could be read, in source order. */
  readonly expressions: readonly PlacedExpression[];
}

/** Reads expressions, checks their names, and gathers the steps that they refer to. */
export class TemplateReader {
  readonly references: StepReference[] = [];
  readonly sites: TemplateSite[] = [];
  readonly report: Report;
  readonly #text: string;
  readonly #names: KnownNames;

  constructor(report: Report, text: string, names: KnownNames) {
    this.report = report;
    this.#text = text;
    this.#names = names;
  }

  /** A value whose texts may hold expressions. */
  template(node: DocumentNode, place: ExpressionPlace, secretRule: SecretRule = () => false): Template {
    return this.#template(node, place, secretRule, []);
  }

  /** `with` of an action, of which one key may hold code: that is left alone. */
  input({ entries }: MapNode, place: ExpressionPlace, secretRule: SecretRule, codeKey: CodeKey): Template {
    return this.#entries(entries, (entry) => (entry.key === codeKey && entry.value.kind === 'scalar' ? { kind: 'literal', value: entry.value.value } : this.#template(entry.value, place, secretRule, [entry.key])));
  }

  /** What a script reads, as expressions of the language; each with its range in the code. */
  script(node: ScalarNode, place: ExpressionPlace, reads: readonly { readonly source: string; readonly range: SourceRange }[]): void {
    const locate = locator(this.#text, node);
    const code = String(node.value);
    const expressions = reads.flatMap(({ source, range }) => {
      const parsed = parseExpression(source);
      if (!parsed.ok) return [];
      const isSame = code.startsWith(source, range.start);
      const within = (part: SourceRange): SourceRange => locate(isSame ? { start: part.start + range.start, end: part.end + range.start } : range);
      return [this.#checkAt(parsed.expression, within, place)];
    });
    this.sites.push({ node, place, form: 'script', expressions });
  }

  /** Of a range of the value of a scalar. */
  rangeIn(node: ScalarNode, range: SourceRange): SourceRange {
    return locator(this.#text, node)(range);
  }

  /** A condition: an expression with or without its braces. */
  condition(node: ScalarNode, place: ExpressionPlace): Expression | undefined {
    const locate = locator(this.#text, node);
    const parsed = parseCondition(String(node.value));
    if (!parsed.ok) {
      this.report.error('bad-expression', locate(parsed.error.range), verbatim(parsed.error.message));
      this.sites.push({ node, place, form: 'condition', expressions: [] });
      return undefined;
    }
    this.sites.push({ node, place, form: 'condition', expressions: [this.#check(parsed.expression, parsed.offset, locate, place)] });
    return parsed.expression;
  }

  #template(node: DocumentNode, place: ExpressionPlace, secretRule: SecretRule, path: readonly (string | number)[]): Template {
    switch (node.kind) {
      case 'scalar':
        return this.#scalar(node, { ...place, secrets: secretRule(path) });
      case 'list': {
        const items = node.items.map((item, index) => this.#template(item, place, secretRule, [...path, index]));
        const values = items.flatMap((item) => (item.kind === 'literal' ? [item.value] : []));
        return values.length === items.length ? { kind: 'literal', value: values } : { kind: 'list', items };
      }
      case 'map': {
        return this.#entries(node.entries, ({ key, value }) => this.#template(value, place, secretRule, [...path, key]));
      }
    }
  }

  #entries(entries: readonly MapEntry[], read: (entry: MapEntry) => Template): Template {
    const parts = entries.map((entry) => {
      if (entry.key.includes('${{')) this.report.error('bad-expression', entry.keyRange, message('A key is fixed: an expression can only be in a value.'));
      return [entry.key, read(entry)] as const;
    });
    const values = parts.flatMap(([key, item]) => (item.kind === 'literal' ? [[key, item.value] as const] : []));
    return values.length === parts.length ? { kind: 'literal', value: Object.fromEntries(values) } : { kind: 'map', entries: parts };
  }

  #scalar(node: ScalarNode, place: ExpressionPlace): Template {
    const { value } = node;
    if (typeof value !== 'string' || !value.includes('${{')) {
      this.sites.push({ node, place, form: 'template', expressions: [] });
      return { kind: 'literal', value };
    }
    const locate = locator(this.#text, node);
    const parsed = parseTemplate(value);
    const expressions = parsed.ok ? expressionsOf(parsed.template) : this.#reportErrors(parsed.errors, locate);
    // In the same order. Beside an error each source is parsed again, since it isn't said which one of them is missing.
    const sources = splitTemplateText(value).parts.filter((part) => part.kind === 'expression');
    const placed = sources.flatMap(({ source, start }, index) => {
      const expression = parsed.ok ? expressions[index] : parsedOrNothing(source);
      return expression === undefined ? [] : [this.#check(expression, start, locate, place)];
    });
    this.sites.push({ node, place, form: 'template', expressions: placed });
    return parsed.ok ? parsed.template : { kind: 'literal', value };
  }

  #reportErrors(errors: readonly TemplateError[], locate: Locator): readonly Expression[] {
    for (const { range, message } of errors) this.report.error('bad-expression', locate(range), verbatim(message));
    return [];
  }

  /** `offset` is where the expression's source begins in the value of the scalar. */
  #check(expression: Expression, offset: number, locate: Locator, place: ExpressionPlace): PlacedExpression {
    return this.#checkAt(expression, (range) => locate({ start: range.start + offset, end: range.end + offset }), place);
  }

  #checkAt(expression: Expression, within: Locator, place: ExpressionPlace): PlacedExpression {
    this.references.push(...checkNames(this.report, expression, within, place, this.#names));
    return { expression, locate: within };
  }
}

function parsedOrNothing(source: string): Expression | undefined {
  const parsed = parseExpression(source);
  return parsed.ok ? parsed.expression : undefined;
}
