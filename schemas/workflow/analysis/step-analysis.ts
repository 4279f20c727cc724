import type { ActionDefinition } from '../actions/action-definition.ts';
import type { ConnectionType } from '../connections/connection.ts';
import { entryOf, type MapEntry, type MapNode } from '../document.ts';
import type { Expression } from '../expression/expression.ts';
import { isJsonObject, type Json } from '../json.ts';
import { defaultQueueName, type Step } from '../model.ts';
import { isName } from '../name.ts';
import { nearestName } from '../nearest-name.ts';
import type { Template } from '../template.ts';
import { checkActionInput, maySecretStand } from './action-input.ts';
import { type ExpressionPlace, isMeantByRefused, type KnownNames } from './expression-scope.ts';
import { readForeach } from './foreach-analysis.ts';
import { readPaginate } from './paginate-analysis.ts';
import { describe, MapReader, placeOf, type MapShape } from './map-reader.ts';
import { readDuration, readPriority, readRetry } from './policy-reader.ts';
import { warnNotSupported } from './queue-analysis.ts';
import { didYouMean, quoted, type Report } from './report.ts';
import type { Dependency } from './step-graph.ts';
import { codeKeyOf, codeOf, readCode } from './code-analysis.ts';
import { type SecretRule, TemplateReader, type TemplateSite } from './template-reader.ts';
import { message, sentences } from '../../wording/message.ts';

export const stepShape: MapShape = {
  what: 'a step',
  keys: ['uses', 'with', 'needs', 'if', 'queue', 'foreach', 'paginate', 'retry', 'timeout', 'priority', 'lane', 'cache'],
};

/** Whether a step without `foreach` has a key that could be it, misspelt. */
export function mayHaveForeach(step: MapNode): boolean {
  if (!step.entries.some(({ key }) => stepShape.keys.includes(key))) return true;
  return step.entries.some(({ key, value }) => !stepShape.keys.includes(key) && value.kind === 'map' && value.entries.some((entry) => ['items', 'file', 'csv', 'as', 'where', 'batch', 'on-item-failure'].includes(entry.key)));
}

/** What a step's checks need to know of everything around it. */
export interface StepContext {
  readonly report: Report;
  readonly text: string;
  readonly section: 'steps' | 'on-failure';
  readonly names: KnownNames;
  /** Undefined: any action with any input. */
  readonly actions: readonly ActionDefinition[] | undefined;
  /** Undefined: not known, so not checked. */
  readonly queues: ReadonlySet<string> | undefined;
  readonly connections: ReadonlyMap<string, ConnectionType | undefined> | undefined;
}

export interface AnalysedStep {
  readonly section: 'steps' | 'on-failure';
  /** Where something is wrong, something harmless is in its place. */
  readonly step: Step;
  /** Its id and its map in the file. */
  readonly entry: MapEntry;
  /** Of `needs` and of expressions, as they are written: a step may be named several times. */
  readonly dependencies: readonly Dependency[];
  readonly sites: readonly TemplateSite[];
}

/** Reads one step. What is wrong is reported, and something harmless is in its place. */
export function readStep(context: StepContext, entry: MapEntry): AnalysedStep | undefined {
  const { key: id, keyRange, value } = entry;
  const reader = MapReader.open(context.report, value, keyRange, stepShape);
  if (reader === undefined) return undefined;
  reader.require('uses');
  const templates = new TemplateReader(context.report, context.text, context.names);
  const foreach = readForeach(reader, templates, { step: id, section: context.section });
  const hasForeach = reader.has('foreach');
  const item = hasForeach ? (foreach?.as ?? 'item') : undefined;
  const isItemUncertain = foreach?.isAsUncertain === true || (!hasForeach && value.kind === 'map' && mayHaveForeach(value));
  const place: ExpressionPlace = {
    step: id,
    section: context.section,
    item,
    isItemUncertain,
    whyNoItem: message("only a step with 'foreach' has items"),
    secrets: false,
  };
  const paginate = readPaginate(reader, templates, { step: id, section: context.section }, usesOf(reader));
  const condition = readCondition(reader, templates, {
    ...place,
    item: undefined,
    ...(item === undefined ? {} : { hiddenItem: item }),
    whyNoItem: message("'if' decides about the step as a whole, before its items are known. To leave items out, write {code} in 'foreach'.", { code: `where: \${{ ${item ?? 'item'}.total > 5 }}` }),
  });
  const action = readUses(context, reader);
  const input = readWith(context, reader, templates, place, action);
  const retry = readRetry(reader, 'retry');
  const timeoutMs = readDuration(reader, 'timeout', 1);
  const priority = readPriority(reader, 'priority');
  const queue = readQueueName(context, reader);
  checkPlanned(reader, templates, place);
  const dependencies = [...readNeeds(context, reader, id), ...templates.references.map(({ step, range }) => ({ on: step, range }))];
  return {
    section: context.section,
    entry,
    dependencies,
    sites: templates.sites,
    step: {
      id,
      queue,
      uses: reader.has('uses') ? usesOf(reader) : '',
      with: input,
      ...connectionOf(input, action),
      ...codeOf(context.text, reader.entry('with')?.value, usesOf(reader)),
      needs: needsOf(context, dependencies),
      ...(condition === undefined ? {} : { if: condition }),
      ...(foreach?.model === undefined ? {} : { foreach: foreach.model }),
      ...(paginate === undefined ? {} : { paginate }),
      ...(retry === undefined ? {} : { retry }),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      ...(priority === undefined ? {} : { priority }),
    },
  };
}

/** Each once, in order of their first mention. A step of `on-failure` runs when all steps have ended, so it waits for none of them. */
function needsOf({ names, section }: StepContext, dependencies: readonly Dependency[]): readonly string[] {
  return [...new Set(dependencies.map(({ on }) => on))].filter((on) => names.steps.get(on)?.section === section);
}

function readCondition(reader: MapReader, templates: TemplateReader, place: ExpressionPlace): Expression | undefined {
  const entry = reader.entry('if');
  if (entry === undefined) return undefined;
  const { value } = entry;
  if (value.kind === 'scalar' && (typeof value.value === 'string' || typeof value.value === 'boolean') && value.value !== '') {
    return templates.condition(value, place);
  }
  reader.report.error('wrong-type', reader.place('if'), message("'if' is an expression such as {code}, not {given}.", { code: '${{ !inputs.dry }}', given: describe(value) }));
  return undefined;
}

function usesOf(reader: MapReader): string {
  const value = reader.entry('uses')?.value;
  return value?.kind === 'scalar' && typeof value.value === 'string' ? value.value : '';
}

/** The action's definition, where it is known. */
function readUses({ actions, report }: StepContext, reader: MapReader): ActionDefinition | undefined {
  const name = reader.string('uses', 'the name of an action such as http/request');
  if (name === undefined || actions === undefined) return undefined;
  const action = actions.find((definition) => definition.name === name);
  if (action !== undefined) return action;
  const known = actions.map((definition) => definition.name);
  const nearest = nearestName(name, known);
  const hint = didYouMean(nearest) ?? message('There are {names}.', { names: known.join(', ') });
  report.error('unknown-action', reader.place('uses'), sentences(message('There is no action {name}.', { name: quoted(name) }), hint), nearest === undefined ? [] : [nearest]);
  return undefined;
}

function readWith(context: StepContext, reader: MapReader, templates: TemplateReader, place: ExpressionPlace, action: ActionDefinition | undefined): Template {
  const entry = reader.entry('with');
  const nothing: Template = { kind: 'literal', value: {} };
  if (entry === undefined || (entry.value.kind === 'scalar' && entry.value.value === null)) {
    const empty = { kind: 'map', entries: [], range: reader.at } as const;
    if (action !== undefined) checkActionInput(context.report, action, empty, entry?.keyRange ?? reader.at);
    return nothing;
  }
  if (entry.value.kind !== 'map') {
    context.report.error('wrong-type', reader.place('with'), message("'with' is a map of the action's inputs, not {given}.", { given: describe(entry.value) }));
    return nothing;
  }
  // Of an action that isn't known, nobody can say where it takes secrets; `uses` has its error then.
  const secretRule: SecretRule = action === undefined ? () => true : (path) => maySecretStand(action, path);
  const template = readCode(templates, entry.value, place, usesOf(reader), templates.input(entry.value, place, secretRule, codeKeyOf(usesOf(reader))));
  if (action === undefined) return template;
  checkActionInput(context.report, action, entry.value, entry.keyRange);
  if (action.connection !== undefined) checkConnection(context, entry, action.connection);
  return template;
}

/** Of a kept version, no action is known: whatever names one does. */
function connectionOf(input: Template, action: ActionDefinition | undefined): { readonly connection?: string } {
  if (action !== undefined && action.connection === undefined) return {};
  const value = input.kind === 'literal' && isJsonObject(input.value) ? input.value['connection'] : input.kind === 'map' ? literalAt(input, 'connection') : undefined;
  return typeof value === 'string' ? { connection: value } : {};
}

function literalAt({ entries }: Extract<Template, { kind: 'map' }>, key: string): Json | undefined {
  const [, template] = entries.find(([name]) => name === key) ?? [];
  return template?.kind === 'literal' ? template.value : undefined;
}

/** The connection decides where the job's secrets go to, so it is fixed. */
function checkConnection({ report, connections }: StepContext, { value }: MapEntry, wanted: readonly ConnectionType[]): void {
  const entry = entryOf(value, 'connection');
  const name = entry?.value.kind === 'scalar' ? entry.value.value : undefined;
  if (entry === undefined || typeof name !== 'string') return;
  const range = placeOf(entry.value, entry.keyRange);
  if (name.includes('${{')) {
    report.error('unknown-connection', range, message("'connection' is the name of a connection in .sluice/connections.yaml; an expression is not allowed here."));
    return;
  }
  if (connections === undefined) return;
  const fitting = [...connections].filter(([, type]) => type === undefined || wanted.includes(type)).map(([known]) => known);
  if (fitting.includes(name)) return;
  const nearest = nearestName(name, fitting);
  const hint = didYouMean(nearest) ?? (fitting.length === 0 ? message('.sluice/connections.yaml declares none of the type {type}.', { type: wanted.join(' or ') }) : message('There are: {names}.', { names: fitting.join(', ') }));
  const other = connections.get(name);
  if (other !== undefined) {
    report.error('unknown-connection', range, sentences(message('The connection {name} is of the type {other}; this action takes one of the type {type}.', { name: quoted(name), other, type: wanted.join(' or ') }), hint), nearest === undefined ? [] : [nearest]);
    return;
  }
  report.error('unknown-connection', range, sentences(message('There is no connection {name}.', { name: quoted(name) }), hint), nearest === undefined ? [] : [nearest], `connection ${name}`);
}

function readQueueName({ report, queues }: StepContext, reader: MapReader): string {
  const name = reader.string('queue', 'the name of a queue');
  if (name === undefined) return defaultQueueName;
  if (name.includes('${{')) {
    report.error('unknown-queue', reader.place('queue'), message("'queue' is the name of a queue; an expression is not allowed here."));
  } else if (queues !== undefined && name !== defaultQueueName && !queues.has(name)) {
    const nearest = nearestName(name, [...queues, defaultQueueName]);
    const hint = didYouMean(nearest) ?? message("Declare it under 'queues', here or in .sluice/queues.yaml.");
    report.error('unknown-queue', reader.place('queue'), sentences(message('There is no queue {name}.', { name: quoted(name) }), hint), nearest === undefined ? [] : [nearest], queues.size === 0 ? 'no-queues' : `queue ${name}`);
  }
  return name;
}

function readNeeds({ report, names, section }: StepContext, reader: MapReader, id: string): readonly Dependency[] {
  const dependencies: Dependency[] = [];
  for (const item of reader.list('needs', 'ids of steps', true)) {
    const on = item.kind === 'scalar' ? item.value : undefined;
    const range = placeOf(item, reader.place('needs'));
    if (typeof on !== 'string') {
      report.error('wrong-type', range, message("'needs' lists ids of steps; {given} is none.", { given: describe(item) }));
      continue;
    }
    const step = names.steps.get(on);
    if (on === id) {
      report.error('self-reference', range, message('{id} needs itself, so it would wait for itself.', { id: quoted(id) }));
    } else if (step === undefined) {
      if (isMeantByRefused(names, on)) continue;
      const nearest = nearestName(on, [...names.steps.keys()].filter((other) => other !== id && isName(other)));
      report.error('unknown-step', range, sentences(message('There is no step {on}.', { on: quoted(on) }), didYouMean(nearest)), nearest === undefined ? [] : [nearest], `unknown-step ${on}`);
    } else if (step.section !== section) {
      const told = { step: quoted(on) };
      report.error(
        'unknown-step',
        range,
        section === 'steps'
          ? message("{step} can't be in 'needs' here: it is a step of 'on-failure', which runs when these have ended.", told)
          : message("{step} can't be in 'needs' here: 'on-failure' runs when all steps have ended, so there is nothing to wait for.", told),
      );
    } else {
      dependencies.push({ on, range });
    }
  }
  return dependencies;
}

/** Lanes and caches are checked, but have no effect yet. */
function checkPlanned(reader: MapReader, templates: TemplateReader, place: ExpressionPlace): void {
  const lane = reader.entry('lane');
  if (lane !== undefined) templates.template(lane.value, place);
  const cache = reader.map('cache', { what: "'cache'", keys: ['key', 'for'] });
  if (cache !== undefined) {
    cache.require('key', 'for');
    const key = cache.entry('key');
    if (key !== undefined) templates.template(key.value, place);
    readDuration(cache, 'for', 1);
  }
  warnNotSupported(reader, 'lane', message("The step's jobs wait with all others of their queue."));
  warnNotSupported(reader, 'cache', message('Every job calls.'));
}
