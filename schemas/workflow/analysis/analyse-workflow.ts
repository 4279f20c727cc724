import type { ActionDefinition } from '../actions/action-definition.ts';
import { actionDefinitions } from '../actions/action-definitions.ts';
import type { ConnectionType } from '../connections/connection.ts';
import type { Diagnostic } from '../diagnostic.ts';
import { entryOf, parseDocument, type Document } from '../document.ts';
import type { JsonObject } from '../json.ts';
import type { QueueDefinition, Step, Workflow, Triggers } from '../model.ts';
import { isName } from '../name.ts';
import { childIdOf, type ChildWorkflow } from './child-workflow.ts';
import type { KnownNames, KnownStep } from './expression-scope.ts';
import { openFile } from './file-analysis.ts';
import { readInputs, type InputsSchema } from './input-schema.ts';
import { readQueues, type DeclaredQueue } from './queue-analysis.ts';
import type { NamedEntry, MapReader } from './map-reader.ts';
import { quoted, type Report } from './report.ts';
import { areVarsUncertain, readOutputs, readRunConcurrency, readVars, varEntries, type NamedTemplate } from './run-analysis.ts';
import { circlesOf } from './step-graph.ts';
import { awaitedSignals, checkLinks, refuseLinks } from './signal-link-analysis.ts';
import { mayHaveForeach, readStep, stepShape, type AnalysedStep, type StepContext } from './step-analysis.ts';
import { TemplateReader, type TemplateSite } from './template-reader.ts';
import { checkTypes, checkTypesOutside } from './type-analysis.ts';
import { WorkflowTypes } from './workflow-types.ts';
import { message } from '../../wording/message.ts';
import type { TriggerKind } from '../../protocol/trigger.ts';
import { readSchedules } from './schedule-analysis.ts';
import { type AnalysedWebhook, readWebhook } from './webhook-analysis.ts';

/** What a workflow may refer to outside its own file. */
export interface ProjectNames {
  /** The queues of `.sluice/queues.yaml` by name. Undefined: the file is broken, so any will do. */
  readonly queues: ReadonlyMap<string, QueueDefinition> | Readonly<Record<string, QueueDefinition>> | undefined;
  /** With the type of each, where it is known. Undefined: the file is broken, so any will do. */
  readonly connections: ReadonlyMap<string, ConnectionType | undefined> | undefined;
  /** Left out: not known, so any will do. */
  readonly secrets?: Iterable<string>;
  /** The variables that `config.yaml` allows. Left out: not known, so any will do. */
  readonly env?: Iterable<string>;
  /** What a workflow of the project takes and gives, by its id; undefined if there is none. Left out: not known. */
  readonly workflows?: (id: string) => ChildWorkflow | undefined;
}

export interface WorkflowSource {
  readonly text: string;
  /** See `workflowIdOf`. */
  readonly id: string;
  /** Left out: what is in other files is not checked, as for a version that the store kept. */
  readonly project?: ProjectNames;
  /** The built-in ones by default; `any` takes every `uses` with every `with`. */
  readonly actions?: readonly ActionDefinition[] | 'any';
}

export interface WorkflowAnalysis {
  /** Undefined if there is an error. */
  readonly workflow: Workflow | undefined;
  readonly diagnostics: readonly Diagnostic[];
  /** What the file declares and where, even with errors elsewhere in it. */
  readonly queues: ReadonlyMap<string, DeclaredQueue>;
  readonly document: Document;
  /** A JSON Schema of an object; inputs with errors are left out. */
  readonly inputs: JsonObject;
  /** Of both sections, by id, in the order of the file; as much as could be made out. */
  readonly steps: ReadonlyMap<string, AnalysedStep>;
  /** Where expressions stand, or may stand, outside of the steps. */
  readonly sites: readonly TemplateSite[];
  readonly triggers: AnalysedTriggers;
  /** What names stand for in expressions. */
  readonly types: WorkflowTypes;
  /** What is known of the workflows that its steps run, by id. */
  readonly children: ReadonlyMap<string, ChildWorkflow | undefined>;
}

const noInputs: JsonObject = { type: 'object', properties: {}, additionalProperties: false };

const shape = {
  what: 'a workflow',
  keys: ['name', 'description', 'on', 'concurrency', 'inputs', 'required', 'vars', 'queues', 'steps', 'outputs', 'on-failure'],
};

/** Reads a workflow file. Reports everything that is wrong with it, never throws, and takes time in proportion to the text. */
export function analyseWorkflow({ text, id, project, actions = actionDefinitions }: WorkflowSource): WorkflowAnalysis {
  // A version that the store kept was checked when it was accepted.
  const isKept = actions === 'any';
  const document = parseDocument(text, { isKept });
  const { report, root } = openFile(document, shape, { isKept });
  if (root === undefined) return { workflow: undefined, diagnostics: report.conclude(document.root), queues: new Map(), document, inputs: noInputs, steps: new Map(), sites: [], triggers: noTriggers, types: new WorkflowTypes({ inputs: noInputs, vars: new Map(), steps: new Map(), outputs: new Map(), children: new Map(), triggers: [], actions: undefined, env: undefined }), children: new Map() };

  root.require('steps');
  const name = root.string('name', 'text') ?? id;
  const description = root.string('description', 'text');
  const inputs = readInputs(root);
  const queues = readQueues(root);
  const stepEntries = root.named('steps', 'steps', 'field', stepShape);
  const failureEntries = root.named('on-failure', 'steps', 'field', stepShape);
  if (root.has('steps') && !root.hasUnknownKeys && stepEntries.length === 0 && !report.hasErrorAt(root.place('steps'))) {
    report.error('no-steps', root.place('steps'), message('A workflow has at least one step.'));
  }

  const varsGiven = varEntries(root);
  const names: KnownNames = {
    steps: knownSteps(report, stepEntries, failureEntries),
    inputs: root.isUncertain('inputs') ? undefined : inputs.names,
    vars: areVarsUncertain(root) ? undefined : new Set(varsGiven.map(({ key }) => key)),
    refused: new Set([...inputs.names, ...[...varsGiven, ...stepEntries, ...failureEntries].map(({ key }) => key)].filter((name) => !isName(name))),
    withResults: new Set([...text.matchAll(/\bsteps\.(\w+)\.results\b/g)].map(([, step = '']) => step)),
    secrets: project?.secrets && new Set(project.secrets),
    env: project?.env && new Set(project.env),
  };
  const outside = new TemplateReader(report, text, names);
  const triggers = readTriggers(root, outside, inputs);
  const vars = readVars(varsGiven, outside);
  const concurrency = readRunConcurrency(root, outside);
  const outputs = readOutputs(root, outside);
  const context: Omit<StepContext, 'section'> = {
    report,
    text,
    names,
    actions: actions === 'any' ? undefined : actions,
    queues: project?.queues === undefined || root.isUncertain('queues') ? undefined : new Set([...queues.keys(), ...namesOf(project.queues)]),
    connections: project?.connections,
  };
  const steps = readSteps({ ...context, section: 'steps' }, stepEntries);
  const onFailure = readSteps({ ...context, section: 'on-failure' }, failureEntries);

  const byIds = byId([...steps, ...onFailure]);
  const children = childrenOf(byIds.values(), project);
  const types = new WorkflowTypes({ inputs: inputs.schema, vars, steps: byIds, outputs, children: new Map([...children].flatMap(([child, known]) => (known === undefined ? [] : [[child, known] as const]))), triggers: triggers.kinds, actions: context.actions, env: names.env });
  if (context.actions !== undefined) {
    const awaited = awaitedSignals(byIds.values());
    for (const step of [...steps, ...onFailure]) {
      checkTypes(report, step, types);
      checkLinks(report, step, awaited);
    }
    checkTypesOutside(report, outside.sites, types, triggers.webhook?.inputs);
    refuseLinks(report, outside.sites);
  }

  const diagnostics = report.conclude(document.root);
  const found = { diagnostics, queues, document, inputs: inputs.schema, steps: byIds, sites: outside.sites, triggers, types, children };
  if (diagnostics.some(({ severity }) => severity === 'error')) return { workflow: undefined, ...found };
  const workflow: Workflow = {
    id,
    name,
    ...(description === undefined ? {} : { description }),
    inputs: inputs.schema,
    triggers: triggers.model,
    vars: templatesOf(vars),
    ...(concurrency === undefined ? {} : { concurrency }),
    queues: Object.fromEntries([...queues].map(([queue, { definition }]) => [queue, definition])),
    steps: modelOf(steps),
    onFailure: modelOf(onFailure),
    outputs: templatesOf(outputs),
  };
  return { workflow, ...found };
}

function childrenOf(steps: Iterable<AnalysedStep>, project: ProjectNames | undefined): ReadonlyMap<string, ChildWorkflow | undefined> {
  const ids = new Set([...steps].flatMap((step) => childIdOf(step)?.id ?? []));
  return new Map(project?.workflows === undefined ? [] : [...ids].map((id) => [id, project.workflows?.(id)]));
}

/** A workflow's id: the file's name without `.sluice.yaml`, `.sluice.yml`, `.yaml` or `.yml`. */
export function workflowIdOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1).replace(/(\.sluice)?\.ya?ml$/i, '');
}

export function namesOf(queues: NonNullable<ProjectNames['queues']>): readonly string[] {
  return queues instanceof Map ? [...(queues as ReadonlyMap<string, QueueDefinition>).keys()] : Object.keys(queues);
}

/** Steps of both sections; they share one set of ids, because expressions name both alike. */
function knownSteps(report: Report, stepEntries: readonly NamedEntry[], failureEntries: readonly NamedEntry[]): ReadonlyMap<string, KnownStep> {
  const known = new Map<string, KnownStep>();
  const hasForeach = ({ value, isDoubtful }: NamedEntry): boolean | undefined => (value.kind !== 'map' || isDoubtful === true ? undefined : entryOf(value, 'foreach') !== undefined ? true : mayHaveForeach(value) ? undefined : false);
  for (const entry of stepEntries) known.set(entry.key, { section: 'steps', hasForeach: hasForeach(entry), hasPages: hasPages(entry) });
  for (const entry of failureEntries) {
    if (known.has(entry.key)) {
      report.error('duplicate-step', entry.keyRange, message("There is a step {key} already: steps of 'on-failure' need ids of their own.", { key: quoted(entry.key) }));
    } else {
      known.set(entry.key, { section: 'on-failure', hasForeach: hasForeach(entry), hasPages: hasPages(entry) });
    }
  }
  return known;
}

function hasPages({ value }: NamedEntry): boolean {
  return entryOf(value, 'paginate') !== undefined;
}

function readSteps(context: StepContext, entries: readonly NamedEntry[]): readonly AnalysedStep[] {
  const steps = entries.flatMap((entry) => (entry.isDoubtful === true ? [] : (readStep(context, entry) ?? [])));
  for (const { list, range } of circlesOf(new Map(steps.map(({ step, dependencies }) => [step.id, dependencies])))) {
    context.report.error('cycle', range, message('These steps wait for each other in a circle: {list}. Take one of these dependencies out.', { list }));
  }
  return steps;
}

/** Of two with one id, which is an error, the first. */
function byId(steps: readonly AnalysedStep[]): ReadonlyMap<string, AnalysedStep> {
  const found = new Map<string, AnalysedStep>();
  for (const analysed of steps) if (!found.has(analysed.step.id)) found.set(analysed.step.id, analysed);
  return found;
}

function modelOf(steps: readonly AnalysedStep[]): Readonly<Record<string, Step>> {
  return Object.fromEntries(steps.map(({ step }) => [step.id, step]));
}

function templatesOf(named: ReadonlyMap<string, NamedTemplate>): Workflow['vars'] {
  return Object.fromEntries([...named].map(([name, { template }]) => [name, template]));
}

/** What `on` says. `kinds`: what can start a run, also where its declaration has errors. */
interface AnalysedTriggers {
  readonly kinds: readonly TriggerKind[];
  readonly model: Triggers;
  readonly webhook?: AnalysedWebhook;
}

const noTriggers: AnalysedTriggers = { kinds: ['manual', 'workflow'], model: { schedules: [] } };

/** Reads and checks `on`. */
function readTriggers(root: MapReader, templates: TemplateReader, inputs: InputsSchema): AnalysedTriggers {
  const entry = root.entry('on');
  if (entry === undefined) return noTriggers;
  // `on: manual` and `on:` say what holds anyway.
  if (entry.value.kind === 'scalar' && (entry.value.value === null || entry.value.value === 'manual')) return noTriggers;
  const reader = root.map('on', { what: "'on'", keys: ['manual', 'schedule', 'webhook'] });
  if (reader === undefined) return noTriggers;
  // Runs of a version that was kept have been started.
  const schedules = reader.report.isKept ? [] : readSchedules(reader, templates, inputs);
  const webhook = reader.report.isKept ? undefined : readWebhook(reader, templates, inputs);
  return {
    kinds: ['manual', ...(reader.has('schedule') ? ['schedule' as const] : []), ...(reader.has('webhook') ? ['webhook' as const] : []), 'workflow'],
    model: { schedules, ...(webhook?.trigger === undefined ? {} : { webhook: webhook.trigger }) },
    ...(webhook === undefined ? {} : { webhook }),
  };
}
