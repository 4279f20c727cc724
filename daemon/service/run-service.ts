import type { Clock } from '../core/clock.ts';
import type { Engine } from '../engine/engine.ts';
import { versionOf } from '../engine/workflow-versions.ts';
import { CodedError } from '../../schemas/protocol/error.ts';
import { formatRunId } from '../../schemas/protocol/id.ts';
import type { Params, Result } from '../../schemas/protocol/method.ts';
import type { FoundItems, RunDetail, RunSummary } from '../../schemas/protocol/run.ts';
import { message } from '../../schemas/wording/message.ts';
import { type CsvFormat, delimiterOf } from '../../schemas/workflow/csv-format.ts';
import type { Json, JsonObject } from '../../schemas/workflow/json.ts';
import type { Workflow } from '../../schemas/workflow/model.ts';
import type { Masker } from '../secrets/masker.ts';
import type { Handlers } from '../server/method-caller.ts';
import type { CreateRunParams, Store } from '../store/store.ts';
import { checkInputs, type InputFilesOptions, readInputFiles } from './run-inputs.ts';
import { checkItemFiles } from './item-file-check.ts';
import { endedEarly, moveInChunks } from './job-chunks.ts';
import { selectJobs } from './job-service.ts';
import { runNumber } from './param-values.ts';
import type { ProjectService } from './project-service.ts';
import { previewRun, type RunPreviewOptions } from './run-preview.ts';

const defaultPage = 100;

export interface RunServiceOptions {
  readonly project: ProjectService;
  readonly engine: Engine;
  readonly store: Store;
  readonly clock: Clock;
  /** What a preview needs of the daemon, as it is now. */
  readonly preview: () => Pick<RunPreviewOptions, 'projectFolder' | 'env' | 'masker'>;
}

export class RunService implements Pick<Handlers, 'run/start' | 'run/preview' | 'run/continue' | 'run/list' | 'run/get' | 'run/cancel'> {
  readonly #project: ProjectService;
  readonly #engine: Engine;
  readonly #store: Store;
  readonly #clock: Clock;

  readonly #preview: RunServiceOptions['preview'];

  constructor(options: RunServiceOptions) {
    this.#project = options.project;
    this.#engine = options.engine;
    this.#store = options.store;
    this.#clock = options.clock;
    this.#preview = options.preview;
  }

  'run/start': Handlers['run/start'] = async ({ key, firstItems, ...given }) => {
    const { workflow: id } = given;
    this.#engine.assertAcceptingWork();
    const { workflow, ...run } = await this.#prepare(given);
    const params = { ...run, workflow: id, now: this.#clock.now(), ...(firstItems === undefined ? {} : { firstItems }), ...(key === undefined ? {} : { key }) };
    const { runId, existed } = await this.#engine.intake.startRun(params, workflow);
    return { id: formatRunId(runId), ...(existed === undefined ? {} : { existed }) };
  };

  /** A run that a step starts: the workflow as it is in its file now, with inputs that fit it. @throws CodedError */
  async prepare(id: string, inputs: JsonObject): Promise<Omit<CreateRunParams, 'now'>> {
    return { ...(await this.#prepare({ workflow: id, inputs })), workflow: id };
  }

  async #prepare(params: Params<'run/preview'>): Promise<Pick<CreateRunParams, 'version' | 'text' | 'inputs'> & { readonly workflow: Workflow }> {
    const { workflow, text, values } = await this.#read(params);
    await checkItemFiles({ ...this.#preview(), workflow, inputs: values, now: this.#clock.now() });
    return { workflow, version: versionOf(text), text, inputs: JSON.stringify(values) };
  }

  'run/preview': Handlers['run/preview'] = async (params) => {
    const files: Record<string, FoundItems> = {};
    const { workflow, values } = await this.#read(params, (name, found) => (files[name] = found));
    const preview = await previewRun({ ...this.#preview(), workflow, inputs: values, engine: this.#engine, store: this.#store, now: this.#clock.now() });
    return { ...preview, ...(Object.keys(files).length === 0 ? {} : { files }) };
  };

  'run/continue': Handlers['run/continue'] = async ({ id }) => {
    await this.#store.continueRun({ runId: runNumber(id) });
    return this.#summary(id);
  };

  'run/list': Handlers['run/list'] = async ({ limit = defaultPage, parent, all = false, ...rest }) => {
    const which = parent !== undefined ? { parentRun: runNumber(parent) } : all || rest.workflow !== undefined ? {} : { parentRun: null };
    const page = await this.#store.listRuns({ ...rest, ...which, limit });
    const { workflow, cursor } = rest;
    // Runs outlive the file of their workflow, so that a name is wrong only where neither knows it.
    if (workflow !== undefined && page.runs.length === 0 && cursor === undefined && !this.#project.has(workflow)) {
      const { runs } = await this.#store.listRuns({ workflow, limit: 1 });
      if (runs.length === 0) throw this.#project.unknown(workflow);
    }
    return page;
  };

  'run/get': Handlers['run/get'] = ({ id }) => this.get(id);

  'run/cancel': Handlers['run/cancel'] = async ({ id, takeBack = false }) => {
    if (takeBack) return this.#takeBack(id);
    await this.#store.cancelRun({ runId: runNumber(id), now: this.#clock.now() });
    return this.#summary(id);
  };

  /** Jobs of a run that has ended, which were replayed, are dead letters again, except those that are under way. */
  async #takeBack(id: string): Promise<Result<'run/cancel'>> {
    const { state, closing } = await this.get(id);
    if (state === 'running' || closing) throw new CodedError('wrong-state', message('The run {run} continues: cancel it, without `takeBack`.', { run: id }));
    const jobIds = await selectJobs({ all: true, run: id }, { engine: this.#engine, store: this.#store, states: ['pending', 'delayed'], accept: ({ waitsFor }) => waitsFor === undefined });
    const recalled = await moveInChunks(jobIds, {
      isWhole: false,
      ended: endedEarly.takeBack,
      move: async (some) => (await this.#store.recall({ jobIds: some, now: this.#clock.now(), tried: true })).recalled,
    });
    return { ...(await this.#summary(id)), takenBack: recalled.length };
  }

  /** @throws CodedError `not-found` */
  async get(id: string): Promise<RunDetail> {
    const run = await this.#store.getRun({ runId: runNumber(id) });
    if (run === undefined) throw new CodedError('not-found', message('There is no run {run}.', { run: id }));
    return run;
  }

  async #summary(id: string): Promise<RunSummary> {
    const { inputs: _inputs, inputBytes: _bytes, steps: _steps, ...summary } = await this.get(id);
    return summary;
  }

  /** The workflow as it is in its file now, and the inputs with their files read and their defaults filled in. */
  async #read({ workflow: id, inputs = {}, inputFiles = {}, csv }: Params<'run/preview'>, onFound?: InputFilesOptions['onFound']): Promise<{ readonly workflow: Workflow; readonly text: string; readonly values: JsonObject }> {
    const { workflow, text } = await this.#project.find(id);
    const twice = Object.keys(inputFiles).find((name) => Object.hasOwn(inputs, name));
    if (twice !== undefined) throw new CodedError('invalid-params', message('The input {name} is given twice, by value and as a file.', { name: twice }));
    return { workflow, text, values: checkInputs(workflow, { ...(await readInputFiles(inputFiles, workflow.inputs, { csv: readCsvFormat(csv), ...(onFound === undefined ? {} : { onFound }) })), ...inputs }, inputFiles) };
  }
}

function readCsvFormat({ delimiter, encoding }: NonNullable<Params<'run/preview'>['csv']> = {}): CsvFormat {
  const read = delimiter === undefined ? undefined : delimiterOf(delimiter);
  return { ...(read === undefined ? {} : { delimiter: read }), ...(encoding === undefined ? {} : { encoding }) };
}

/** Longest value that is handed over whole, in characters of JSON. */
const maxValue = 262_144;
/** So much of a longer one is shown. */
const shownOfLonger = 4_096;

/** Answers what an expression gives in a run, for people who look at it. */
export class EvaluationService implements Pick<Handlers, 'run/evaluate'> {
  readonly #store: Store;
  readonly #env: () => Readonly<Record<string, string>>;
  readonly #masker: () => Masker;

  constructor(options: { readonly store: Store; readonly env: () => Readonly<Record<string, string>>; readonly masker: () => Masker }) {
    this.#store = options.store;
    this.#env = options.env;
    this.#masker = options.masker;
  }

  'run/evaluate': Handlers['run/evaluate'] = async ({ id, expression, step, index }) => {
    const result = await this.#store.evaluate({
      runId: runNumber(id),
      expression,
      env: this.#env(),
      ...(step === undefined ? {} : { step }),
      ...(index === undefined ? {} : { index }),
    });
    if (result === undefined) throw new CodedError('not-found', message('There is no run {run}.', { run: id }));
    if (result.ok) return answer(this.#masker().json(result.value));
    const { kind, message: problem, range } = result.error;
    return { error: { kind, message: this.#masker().text(problem), ...range } };
  };
}

function answer(value: Json): { value: Json } | { size: number; preview: string } {
  const text = JSON.stringify(value);
  return text.length <= maxValue ? { value } : { size: text.length, preview: text.slice(0, shownOfLonger) };
}
