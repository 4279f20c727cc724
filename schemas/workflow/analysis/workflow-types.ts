import { jobStates, stepStates } from '../../protocol/id.ts';
import type { ActionDefinition } from '../actions/action-definition.ts';
import { entryOf } from '../document.ts';
import { checkExpression, type TypeScope } from '../expression/checker.ts';
import { alternativesOf, fieldOfSchema, listOf, mapOf, numberType, textOf, textType, typeOfSchema, typeOfValue, unionOf, unknownType, type ExpressionField, type ExpressionType } from '../expression/type.ts';
import { treeOf, type Expression } from '../expression/expression.ts';
import { isJsonObject, type Json, type JsonObject } from '../json.ts';
import type { Template } from '../template.ts';
import type { ExpressionPlace } from './expression-scope.ts';
import { varsPlace, type NamedTemplate } from './run-analysis.ts';
import type { AnalysedStep } from './step-analysis.ts';
import type { TriggerKind } from '../../protocol/trigger.ts';
import { triggerType } from './trigger-types.ts';
import { verbatim } from '../../wording/message.ts';

export interface TypedWorkflow {
  /** A JSON Schema of an object. */
  readonly inputs: JsonObject;
  readonly vars: ReadonlyMap<string, NamedTemplate>;
  readonly steps: ReadonlyMap<string, AnalysedStep>;
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
    return (name) => (name === place.item ? this.itemOf(place.step) : place.roots?.some((root) => root === name) === false ? undefined : this.#root(name, place));
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

  /** What a step's action gives: for a step with `foreach`, for each item. */
  outputOf(step: string): ExpressionType {
    return typeOfSchema(this.#actionOf(step)?.output);
  }

  /** What a step's action takes: the type of `with`. */
  inputOf(step: string): ExpressionType {
    return typeOfSchema(this.#actionOf(step)?.input);
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
    if (!this.#hasForeach(id)) {
      const output = unionOf([this.outputOf(id), nullType]);
      return openMap(new Map([['output', { type: output, required: true, ...described('What its action gave; null if it has not succeeded.') }], ['status', status]]));
    }
    return openMap(new Map([['results', { type: listOf(this.#resultType(id)), required: true, ...described('One entry for each item, in the order of the items.') }], ['status', status]]));
  }

  #resultType(id: string): ExpressionType {
    return mapOf({
      key: { type: unionOf([textType, nullType]), required: true, ...described('What `key` of `foreach` gave for the item.') },
      item: { type: this.itemOf(id), required: true, ...described('The item itself.') },
      status: { type: textOf(jobStates), required: true, ...described('How the job of the item ended.') },
      output: { type: unionOf([this.outputOf(id), nullType]), required: true, ...described('What the action gave; null if it has not succeeded.') },
      error: { type: unionOf([errorType, nullType]), required: true, ...described('Why it failed; null if it has succeeded.') },
    });
  }

  #hasForeach(id: string): boolean {
    return entryOf(this.#workflow.steps.get(id)?.entry.value, 'foreach') !== undefined;
  }

  #actionOf(id: string): ActionDefinition | undefined {
    const uses = this.#workflow.steps.get(id)?.step.uses;
    return this.#workflow.actions?.find(({ name }) => name === uses);
  }

  #readItem(id: string): ExpressionType {
    const analysed = this.#workflow.steps.get(id);
    const source = analysed?.step.foreach?.source;
    if (analysed === undefined || source === undefined) return unknownType;
    if (source.kind === 'file') return isCsv(source.file) ? { kind: 'map', fields: new Map(), rest: textType } : unknownType;
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

/** Rows of a CSV file have text only, by the names of its header. */
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
