import { createHash } from 'node:crypto';
import { CodedError } from '../../schemas/protocol/error.ts';
import { formatRunId, parseRunId } from '../../schemas/protocol/id.ts';
import type { RunDetail } from '../../schemas/protocol/run.ts';
import type { Clock } from '../engine/clock.ts';
import type { Engine } from '../engine/engine.ts';
import type { Handlers } from '../server/handlers.ts';
import type { Store } from '../store/store.ts';
import { checkInputs, readInputFiles } from './input-values.ts';
import type { ProjectService } from './project-service.ts';

const defaultPage = 100;

export class RunService implements Pick<Handlers, 'run/start' | 'run/list' | 'run/get' | 'run/cancel'> {
  readonly #project: ProjectService;
  readonly #engine: Engine;
  readonly #store: Store;
  readonly #clock: Clock;

  constructor(options: { readonly project: ProjectService; readonly engine: Engine; readonly store: Store; readonly clock: Clock }) {
    this.#project = options.project;
    this.#engine = options.engine;
    this.#store = options.store;
    this.#clock = options.clock;
  }

  'run/start': Handlers['run/start'] = async ({ workflow: id, inputs = {}, inputFiles = {} }) => {
    this.#engine.refuseIntake();
    const { workflow, text } = await this.#project.find(id);
    const values = checkInputs(workflow, { ...(await readInputFiles(inputFiles, workflow.inputs)), ...inputs });
    const version = createHash('sha256').update(text).digest('hex').slice(0, 32);
    const runId = await this.#engine.startRun({ workflow: id, version, text, inputs: JSON.stringify(values), now: this.#clock.now() }, workflow);
    return { id: formatRunId(runId) };
  };

  'run/list': Handlers['run/list'] = ({ limit = defaultPage, ...rest }) => this.#store.listRuns({ ...rest, limit });

  'run/get': Handlers['run/get'] = ({ id }) => this.get(id);

  'run/cancel': Handlers['run/cancel'] = async ({ id }) => {
    const { active } = await this.#store.cancelRun({ runId: runNumber(id), now: this.#clock.now() });
    for (const jobId of active) this.#engine.abort(jobId);
    const { inputs: _inputs, inputBytes: _bytes, steps: _steps, ...summary } = await this.get(id);
    return summary;
  };

  /** @throws CodedError `not-found` */
  async get(id: string): Promise<RunDetail> {
    const run = await this.#store.getRun({ runId: runNumber(id) });
    if (run === undefined) throw new CodedError('not-found', `There is no run ${id}.`);
    return run;
  }
}

/** @throws CodedError `invalid-params` */
export function runNumber(id: string): number {
  const number = parseRunId(id);
  if (number === undefined) throw new CodedError('invalid-params', `${id} is no run: runs are named r1, r2 and so on.`);
  return number;
}
