import { jobStates, stepStates } from '../../protocol/id.ts';
import type { CsvFormat, CsvType } from '../csv-format.ts';
import type { ActionDefinition } from '../actions/action-definition.ts';
import { entryOf, nodeAt, toJson } from '../document.ts';
import { checkExpression, type TypeScope, fieldOf } from '../expression/checker.ts';
import {
  alternativesOf,
  asJsonType,
  booleanType,
  fieldOfSchema,
  listOf,
  mapOf,
  numberType,
  textOf,
  textType,
  typeOfSchema,
  typeOfValue,
  unionOf,
  unknownType,
  type ExpressionField,
  type ExpressionType,
} from '../expression/type.ts';
import { treeOf, type Expression } from '../expression/expression.ts';
import { isJsonObject, type Json, type JsonObject } from '../json.ts';
import type { Template } from '../template.ts';
import type { ExpressionPlace } from './expression-scope.ts';
import { childIdOf, childInput, childOutput, type ChildWorkflow } from './child-workflow.ts';
import { outputsPlace, varsPlace, type NamedTemplate } from './run-analysis.ts';
import type { AnalysedStep } from './step-analysis.ts';
import { type TriggerKind, triggerKinds } from '../../protocol/trigger.ts';
import { verbatim } from '../../wording/message.ts';

export interface TypedWorkflow {
  /** A JSON Schema of an object. */
  readonly inputs: JsonObject;
  readonly vars: ReadonlyMap<string, NamedTemplate>;
  readonly steps: ReadonlyMap<string, AnalysedStep>;
  readonly outputs: ReadonlyMap<string, NamedTemplate>;
  /** The workflows that its steps run, by id; those that aren't known are left out. */
  readonly children: ReadonlyMap<string, ChildWorkflow>;
  /** What can start a run of it. */
  readonly triggers: readonly TriggerKind[];
  /** Undefined: not known. */
  readonly actions: readonly ActionDefinition[] | undefined;
  readonly env: Iterable<string> | undefined;
}

const nullType: ExpressionType = { kind: 'null' };

/**
 * The types of what expressions can name in a workflow: inputs by their schemas, steps by their actions, items by what they are taken
 * from. Found when they are asked for. Maps whose names the analysis checks by itself are open, so that nothing is said twice.
 */
export class WorkflowTypes {
  readonly #workflow: TypedWorkflow;
  readonly #items = new Map<string, ExpressionType>();
  #trigger: ExpressionType | undefined;
  #inputs: ExpressionType | undefined;
  #vars: ExpressionType | undefined;
  #steps: ExpressionType | undefined;

  constructor(workflow: TypedWorkflow) {
    this.#workflow = workflow;
  }

  /** The type of an expression at a place. */
  typeOf(expression: Expression, place: ExpressionPlace): ExpressionType {
    return checkExpression(treeOf(expression), { scope: this.scopeAt(place) });
  }

  /** What the names at a place stand for. */
  scopeAt(place: ExpressionPlace): TypeScope {
    return (name) => (name === 'page' && place.page === true ? this.#pageType(place.step) : name === place.item ? (place.isBeforeBatch === true ? this.itemOf(place.step) : this.jobItemOf(place.step)) : place.roots?.some((root) => root === name) === false ? undefined : this.#root(name, place));
  }

  /** The type of one item of a step with `foreach`. */
  itemOf(step: string): ExpressionType {
    const known = this.#items.get(step);
    if (known !== undefined) return known;
    // Steps that wait for each other in a circle end here.
    this.#items.set(step, unknownType);
    const type = this.#readItem(step);
    this.#items.set(step, type);
    return type;
  }

  /** What a job of a step with `foreach` sees: an item, or a batch of them. */
  jobItemOf(step: string): ExpressionType {
    const item = this.itemOf(step);
    // As it is written: a number that is wrong has its error already.
    const foreach = entryOf(this.#workflow.steps.get(step)?.entry.value, 'foreach')?.value;
    return entryOf(foreach, 'batch') === undefined ? item : listOf(item);
  }

  /** What a step's action gives: for a step with `foreach`, for each item. */
  outputOf(step: string): ExpressionType {
    const type = typeOfSchema(this.#actionOf(step)?.output);
    const analysed = this.#workflow.steps.get(step);
    if (analysed?.step.uses === 'workflow/run') return childOutput(analysed, this.#childOf(analysed));
    return analysed?.step.uses === 'wait/signal' ? signalOutput(analysed, this.#workflow.steps.values(), type) : type;
  }

  /** What a step's action takes: the type of `with`. */
  inputOf(step: string): ExpressionType {
    const type = typeOfSchema(this.#actionOf(step)?.input);
    const analysed = this.#workflow.steps.get(step);
    return analysed?.step.uses === 'workflow/run' ? childInput(type, this.#childOf(analysed)) : type;
  }

  /** What a run gives that has succeeded. `isWhole`: nothing is wrong with the file, so that there are no other outputs. */
  outputs(isWhole: boolean): ExpressionType {
    const fields = new Map([...this.#workflow.outputs].map(([name, { template }]) => [name, { type: asJsonType(this.#templateType(template, outputsPlace)), required: true }]));
    return isWhole ? { kind: 'map', fields } : openMap(fields);
  }

  /** What an input of the workflow takes. */
  workflowInput(name: string): ExpressionType {
    return propertiesOf(this.#workflow.inputs).get(name)?.type ?? unknownType;
  }

  #root(name: string, { step, triggers }: ExpressionPlace): ExpressionType | undefined {
    switch (name) {
      case 'inputs':
        return (this.#inputs ??= openMap(propertiesOf(this.#workflow.inputs)));
      case 'vars':
        return (this.#vars ??= this.#varsType());
      case 'steps':
        return (this.#steps ??= openMap(new Map([...this.#workflow.steps.keys()].map((id) => [id, { type: this.#stepType(id), required: true, ...described(`The step \`${id}\`.`) }]))));
      case 'run':
        return runType;
      case 'job':
        return this.#hasForeach(step) ? jobOfItemType : jobType;
      case 'trigger':
        return triggers !== undefined ? triggerType(triggers) : (this.#trigger ??= triggerType(this.#workflow.triggers));
      case 'env':
        return openMap(new Map([...(this.#workflow.env ?? [])].map((variable) => [variable, { type: textType, required: false }])));
      default:
        return undefined;
    }
  }

  /** They come in an order in which each is behind those that it is made of. */
  #varsType(): ExpressionType {
    const fields = new Map<string, ExpressionField>();
    this.#vars = openMap(fields);
    for (const [name, { template }] of this.#workflow.vars) fields.set(name, { type: this.#templateType(template, varsPlace), required: true, ...described(`The value \`${name}\` of \`vars\`.`) });
    return this.#vars;
  }

  #stepType(id: string): ExpressionType {
    const status: ExpressionField = { type: textOf(stepStates), required: true, ...described('How the step ended.') };
    if (this.#has(id, 'paginate')) return pagesType(id, status);
    if (!this.#hasForeach(id)) {
      const output = unionOf([this.outputOf(id), nullType]);
      return openMap(new Map([['output', { type: output, required: true, ...described(this.#outputText(id)) }], ['status', status]]));
    }
    return openMap(new Map([['results', { type: listOf(this.#resultType(id)), required: true, ...described('One entry for each item, in the order of the items.') }], ['status', status]]));
  }

  #outputText(id: string): string {
    const step = this.#workflow.steps.get(id);
    const child = step === undefined ? undefined : childIdOf(step)?.id;
    return child === undefined ? 'What its action gave; null if it has not succeeded.' : `The \`outputs\` of the workflow \`${child}\`; null if its run has not succeeded.`;
  }

  #resultType(id: string): ExpressionType {
    return mapOf({
      key: { type: unionOf([textType, nullType]), required: true, ...described('What `key` of `foreach` gave for the item.') },
      item: { type: this.jobItemOf(id), required: true, ...described('The item itself; of a batch, the list of its items.') },
      status: { type: textOf(jobStates), required: true, ...described('How the job of the item ended.') },
      output: { type: unionOf([this.outputOf(id), nullType]), required: true, ...described('What the action gave; null if it has not succeeded.') },
      error: { type: unionOf([errorType, nullType]), required: true, ...described('Why it failed; null if it has succeeded.') },
    });
  }

  #childOf(step: AnalysedStep): ChildWorkflow | undefined {
    return this.#workflow.children.get(childIdOf(step)?.id ?? '');
  }

  /** What the expressions of `paginate` see: the answer of the step's action, with what belongs to pages. */
  #pageType(id: string): ExpressionType {
    const answer = this.outputOf(id);
    return openMap(new Map([...(answer.kind === 'map' ? answer.fields : []), ...pageFields]));
  }

  #hasForeach(id: string): boolean {
    return this.#has(id, 'foreach');
  }

  #has(id: string, key: string): boolean {
    return entryOf(this.#workflow.steps.get(id)?.entry.value, key) !== undefined;
  }

  #actionOf(id: string): ActionDefinition | undefined {
    const uses = this.#workflow.steps.get(id)?.step.uses;
    return this.#workflow.actions?.find(({ name }) => name === uses);
  }

  #readItem(id: string): ExpressionType {
    const analysed = this.#workflow.steps.get(id);
    const source = analysed?.step.foreach?.source;
    if (analysed === undefined || source === undefined) return unknownType;
    // What an answer holds, nobody knows before.
    if (source.kind === 'pages') return unknownType;
    if (source.kind === 'file') return isCsv(source.file) ? rowType(source.csv) : unknownType;
    const outside: ExpressionPlace = { step: id, section: analysed.section, item: undefined, whyNoItem: verbatim(''), secrets: false };
    const items = alternativesOf(this.#templateType(source.items, outside)).flatMap((one) => (one.kind === 'list' ? [one.items] : []));
    return unionOf(items);
  }

  #templateType(template: Template, place: ExpressionPlace): ExpressionType {
    switch (template.kind) {
      case 'literal':
        return typeOfValue(template.value);
      case 'expression':
        return this.typeOf(template.expression, place);
      case 'text':
        return textType;
      case 'list':
        return listOf(unionOf(template.items.map((item) => this.#templateType(item, place))));
      case 'map':
        return { kind: 'map', fields: new Map(template.entries.map(([key, item]) => [key, { type: this.#templateType(item, place), required: true }])) };
    }
  }
}

function openMap(fields: ReadonlyMap<string, ExpressionField>): ExpressionType {
  return { kind: 'map', fields, rest: unknownType };
}

function propertiesOf({ properties, required }: JsonObject): ReadonlyMap<string, ExpressionField> {
  const names = Array.isArray(required) ? (required as readonly Json[]) : [];
  return new Map(isJsonObject(properties) ? Object.entries(properties).map(([name, schema]) => [name, fieldOfSchema(schema, names.includes(name))]) : []);
}

function described(description: string): { readonly description: string } {
  return { description };
}

/** Rows of a CSV file have text, by the names of its heading, but for the columns whose types are said. */
function rowType({ types = {} }: CsvFormat = {}): ExpressionType {
  const fields = Object.entries(types).map(([name, type]): [string, ExpressionField] => [name, { type: cellType(type), required: true }]);
  return { kind: 'map', fields: new Map(fields), rest: textType };
}

function cellType(type: CsvType): ExpressionType {
  if (type === 'text') return textType;
  // An empty cell is null.
  return unionOf([type === 'boolean' ? booleanType : numberType, typeOfValue(null)]);
}


function isCsv(file: Template): boolean {
  const ending = file.kind === 'literal' ? file.value : file.kind === 'text' ? file.parts.at(-1) : undefined;
  return typeof ending === 'string' && /\.csv$/i.test(ending);
}

const errorType: ExpressionType = openMap(
  new Map<string, ExpressionField>([
    ['kind', { type: textType, required: true, ...described('`status`, `network`, `timeout`, `invalid`, `internal`, `interrupted`, `crash_loop` or `cancelled`.') }],
    ['cause', { type: textType, required: true, ...described('What errors of one sort have in common: `503 Service Unavailable`.') }],
    ['message', { type: textType, required: true, ...described('One or two sentences for a person.') }],
    ['status', { type: numberType, required: false, ...described('HTTP status or SMTP reply code.') }],
  ]),
);

const pageFields: readonly (readonly [string, ExpressionField])[] = [
  ['number', { type: numberType, required: true, ...described('Which page it is, from 1.') }],
  ['links', { type: linksType(), required: true, ...described('The targets of the answer\'s `link` header, by their relation: `page.links.next`.') }],
];

/** Relations are whatever the other side names; these are the usual ones (RFC 8288). */
function linksType(): ExpressionType {
  const known = { next: 'The next page.', prev: 'The page before.', first: 'The first page.', last: 'The last page.' };
  return { kind: 'map', fields: new Map(Object.entries(known).map(([relation, text]) => [relation, { type: textType, required: false, ...described(text) }])), rest: textType };
}

/** A step with `paginate`, for the expressions of others. */
function pagesType(id: string, status: ExpressionField): ExpressionType {
  const output = mapOf({
    pages: { type: numberType, required: true, ...described('How many pages were read.') },
    items: { type: numberType, required: true, ...described('How many items they have.') },
    complete: { type: { kind: 'boolean' }, required: true, ...described('Whether the last page was reached; false if `max-pages` ended it before.') },
  });
  return openMap(
    new Map<string, ExpressionField>([
      ['items', { type: listOf(unknownType), required: true, ...described(`The items of all pages, in their order. \`foreach\` reads them one by one if its \`items\` is just \`steps.${id}.items\`.`) }],
      ['output', { type: unionOf([output, nullType]), required: true, ...described('What was read; null if the step has not succeeded.') }],
      ['status', status],
    ]),
  );
}

const runType: ExpressionType = mapOf({
  id: { type: textType, required: true, ...described('Its id.'), examples: ['r12'] },
  workflow: { type: textType, required: true, ...described('The id of the workflow.') },
  'created-at': { type: textType, required: true, ...described('When it was started: ISO 8601, in UTC.'), examples: ['2025-03-01T09:00:00.000Z'] },
  error: {
    type: unionOf([
      openMap(
        new Map<string, ExpressionField>([
          ['step', { type: textType, required: false, ...described('The step that failed first.') }],
          ['message', { type: textType, required: true, ...described('Why, for a person.') }],
        ]),
      ),
      nullType,
    ]),
    required: true,
    ...described('Why it failed, for steps of `on-failure`; null while it continues.'),
  },
});

const jobType: ExpressionType = openMap(new Map());

const jobOfItemType: ExpressionType = openMap(
  new Map<string, ExpressionField>([
    ['index', { type: numberType, required: true, ...described('The position of the item, from 0.') }],
    ['key', { type: unionOf([textType, nullType]), required: false, ...described('What `key` of `foreach` gave for the item.') }],
  ]),
);

const kindsText = triggerKinds.map((kind) => `\`${kind}\``).join(', ');

/** What each kind has besides `kind` and `at`. */
const fields: Readonly<Record<TriggerKind, Readonly<Record<string, Omit<ExpressionField, 'required'>>>>> = {
  manual: {},
  schedule: {
    scheduledAt: { type: textType, description: 'The time of the schedule: ISO 8601, in UTC. The run may have started later.', examples: ['2025-03-03T08:00:00.000Z'] },
  },
  webhook: {
    id: { type: textType, description: 'The delivery, as `sluice deliveries` lists it.', examples: ['d12'] },
    body: { type: unknownType, description: 'What was sent: parsed where it is JSON or a form, else its text.' },
    headers: { type: { kind: 'map', fields: new Map(), rest: textType }, description: 'The headers, their names in lower case.' },
    query: { type: { kind: 'map', fields: new Map(), rest: unknownType }, description: 'The parameters of the URL.' },
  },
  workflow: {
    id: { type: textType, description: 'The run whose step started this one.', examples: ['r12'] },
  },
};

/** The type of `trigger` where these kinds can have started a run. A field is always there only if all of them have it. */
function triggerType(kinds: readonly TriggerKind[]): ExpressionType {
  const found = new Map<string, ExpressionField>([
    ['kind', { type: textOf(triggerKinds), required: true, description: `What started the run: ${kindsText}.` }],
    ['at', { type: textType, required: true, description: 'When it came: ISO 8601, in UTC.', examples: ['2025-03-03T08:00:00.412Z'] }],
  ]);
  for (const kind of kinds) for (const [name, field] of Object.entries(fields[kind])) found.set(name, { ...field, required: kinds.every((other) => Object.hasOwn(fields[other], name)) });
  return { kind: 'map', fields: found };
}

/** What a step that waits for a signal gives, with the payload as its schema says. `taken`: as the action's schema says it. */
function signalOutput(step: AnalysedStep, others: Iterable<AnalysedStep>, taken: ExpressionType): ExpressionType {
  const payload = nodeAt(step.entry.value, ['with', 'payload']);
  const field = taken.kind === 'map' ? fieldOf(taken, 'payload') : undefined;
  if (taken.kind !== 'map' || field === undefined || payload?.kind !== 'map') return taken;
  const properties = toJson(payload);
  if (!isJsonObject(properties) || hasExpression(properties)) return taken;
  const answered = typeOfSchema({ type: 'object', properties, required: Object.keys(properties), additionalProperties: false });
  const onTimeout = nodeAt(step.entry.value, ['with', 'on-timeout']);
  const mayBeMissing = onTimeout?.kind !== 'scalar' || onTimeout.value !== 'fail';
  const type = unionOf([answered, ...(mayBeMissing && onTimeout !== undefined ? [{ kind: 'null' } as const] : []), ...(isChecked(step, others) ? [] : [unknownType])]);
  return { ...taken, fields: new Map([...taken.fields, ['payload', { ...field, type }]]) };
}

/** Whether every answer that the step can get was checked against its schema: an early one is only if nothing in `with` has to be computed, and no other step may ask for it. */
function isChecked(step: AnalysedStep, others: Iterable<AnalysedStep>): boolean {
  const name = nameOf(step);
  if (name === undefined || hasExpression(withOf(step))) return false;
  return [...others].every((other) => other.step.uses !== 'wait/signal' || other.step.id === step.step.id || ![name, undefined].includes(nameOf(other)));
}

/** Undefined: an expression gives it. */
function nameOf({ entry }: AnalysedStep): string | undefined {
  const name = nodeAt(entry.value, ['with', 'name']);
  return name?.kind === 'scalar' && typeof name.value === 'string' && !hasExpression(name.value) ? name.value : undefined;
}

function withOf({ entry }: AnalysedStep): Json {
  const node = nodeAt(entry.value, ['with']);
  return node === undefined ? null : toJson(node);
}

function hasExpression(value: Json): boolean {
  return JSON.stringify(value).includes('${{');
}
