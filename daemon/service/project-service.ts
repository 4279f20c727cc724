import { CodedError } from '../../schemas/protocol/error.ts';
import { message } from '../../schemas/wording/message.ts';
import { workflowIdOf } from '../../schemas/workflow/analysis/analyse-workflow.ts';
import { projectFileKind, type AnalysedWorkflow } from '../../schemas/workflow/analysis/analyse-project.ts';
import type { Json } from '../../schemas/workflow/json.ts';
import type { Engine } from '../engine/engine.ts';
import type { EngineLog } from '../engine/engine-settings.ts';
import { shownFolder } from '../../platform/project-reader.ts';
import { lastConfigText } from '../project/project.ts';
import type { LookExtent } from '../project/project-inventory.ts';
import type { Project } from '../project/project.ts';
import type { Handlers } from '../server/method-caller.ts';
import { unknownName } from './param-values.ts';

/** Diagnostics that an error carries. */
const maxShown = 100;

export interface ProjectServiceOptions {
  readonly project: Project;
  readonly engine: Engine;
  readonly log: Pick<EngineLog, 'info' | 'warn'>;
  readonly keepConfig: (text: string) => Promise<void>;
  /** The files say something else, and the engine goes by it. */
  readonly onChange?: () => Promise<void>;
}

/** The project's files: what they hold, and what is wrong with them. */
export class ProjectService implements Pick<Handlers, 'workflow/list' | 'workflow/validate'> {
  readonly #project: Project;
  readonly #engine: Engine;
  readonly #log: Pick<EngineLog, 'info' | 'warn'>;
  readonly #keepConfig: ProjectServiceOptions['keepConfig'];
  readonly #onChange: ProjectServiceOptions['onChange'];
  #keptConfig: string | undefined;
  #saidLastConfig = false;
  readonly #waiting = new Map<LookExtent, Promise<void>>();
  #last: Promise<void> = Promise.resolve();

  constructor({ project, engine, log, keepConfig, onChange }: ProjectServiceOptions) {
    this.#project = project;
    this.#engine = engine;
    this.#log = log;
    this.#keepConfig = keepConfig;
    this.#onChange = onChange;
  }

  /** Keeps what `config.yaml` says for a daemon that starts while it is away. */
  async keepConfig(): Promise<void> {
    const text = this.#project.configText;
    if (text === undefined || text === this.#keptConfig) return;
    try {
      await this.#keepConfig(text);
      this.#keptConfig = text;
    } catch (error) {
      // A full disk, say: nothing else depends on it.
      this.#log.warn({ err: error }, 'what config.yaml says could not be kept for the next start');
    }
  }

  /**
   * Takes up what has been saved since. Looks follow each other, so that anyone who asks gets one that began after, and what it found holds
   * when this resolves; those that wait for the same extent share one.
   */
  refresh(extent: LookExtent = 'own'): Promise<void> {
    const waiting = this.#waiting.get(extent);
    if (waiting !== undefined) return waiting;
    const look = this.#last.then(() => {
      this.#waiting.delete(extent);
      return this.#refresh(extent);
    });
    this.#waiting.set(extent, look);
    this.#last = look.catch(() => undefined);
    return look;
  }

  async #refresh(extent: LookExtent): Promise<void> {
    const failed = this.#project.failedLooks;
    if (!(await this.#project.refresh(extent))) return;
    const { failedLooks, hasLastConfig } = this.#project;
    if (hasLastConfig && !this.#saidLastConfig) this.#log.warn({}, lastConfigText);
    this.#saidLastConfig = hasLastConfig;
    for (const [folder, problem] of failedLooks) if (!failed.has(folder)) this.#log.warn({ folder: shownFolder(folder) }, `${shownFolder(folder)} ${problem}; what was last read from it still holds`);
    for (const folder of failed.keys()) if (!failedLooks.has(folder)) this.#log.info({ folder: shownFolder(folder) }, `${shownFolder(folder)} can be read again`);
    await this.#engine.apply(this.#project.settings());
    await this.#onChange?.();
    await this.keepConfig();
  }

  'workflow/list': Handlers['workflow/list'] = async () => {
    await this.refresh('all');
    const { workflows, diagnostics } = this.#project.analysis;
    const valid = [...workflows].map(([id, { path, workflow }]) => ({
      id,
      name: workflow.name,
      ...(workflow.description === undefined ? {} : { description: workflow.description }),
      file: path,
      valid: true,
      inputs: workflow.inputs,
      queues: [...new Set([...Object.values(workflow.steps), ...Object.values(workflow.onFailure)].map((step) => step.queue))],
      ...(workflow.triggers.schedules.length === 0 ? {} : { schedules: workflow.triggers.schedules.length }),
      ...(workflow.triggers.webhook === undefined ? {} : { webhook: workflow.triggers.webhook.path }),
    }));
    const validFiles = new Set(valid.map(({ file }) => file));
    const broken = [...diagnostics.keys()]
      .filter((file) => projectFileKind(file) === 'workflow' && !validFiles.has(file))
      .map((file) => ({ id: workflowIdOf(file), name: workflowIdOf(file), file, valid: false, queues: [] }));
    return { workflows: [...valid, ...broken].sort((one, other) => (one.id < other.id ? -1 : 1)) };
  };

  'workflow/validate': Handlers['workflow/validate'] = async () => {
    await this.refresh('all');
    return { files: this.#project.texts.size, diagnostics: [...this.#project.diagnostics()] };
  };

  /** The workflow that a person means, as it is in its file now. @throws CodedError `not-found` or `invalid-workflow` */
  async find(id: string): Promise<AnalysedWorkflow> {
    await this.refresh();
    // A file that was made a moment ago, far from .sluice/, is found by a full look only.
    if (!this.has(id)) await this.refresh('all');
    const { workflows, diagnostics } = this.#project.analysis;
    const found = workflows.get(id);
    if (found !== undefined) return found;
    const file = [...diagnostics.keys()].find((path) => projectFileKind(path) === 'workflow' && workflowIdOf(path) === id);
    if (file === undefined) throw this.unknown(id);
    const errors = this.#project.diagnostics().filter((one) => one.severity === 'error' && one.file === file);
    const [first] = errors;
    const told = { workflow: id, place: `${file}:${first?.line ?? 1}:${first?.column ?? 1}`, problem: first?.message ?? '' };
    throw new CodedError(
      'invalid-workflow',
      errors.length > 1 ? message('The workflow {workflow} has errors: {place}: {problem} (and {more} more)', { ...told, more: errors.length - 1 }) : message('The workflow {workflow} has errors: {place}: {problem}', told),
      { diagnostics: errors.slice(0, maxShown) as unknown as Json },
    );
  }

  /** `not-found`, with the name that was meant where that can be guessed. */
  unknown(id: string): CodedError {
    return unknownName(message('There is no workflow {name}.', { name: id }), { name: id, known: [...this.#project.analysis.workflows.keys()], none: message('The project has none: put one into .sluice/workflows/.') });
  }

  /** Whether a file of the project has this id, valid or not. */
  has(id: string): boolean {
    const { workflows, diagnostics } = this.#project.analysis;
    return workflows.has(id) || [...diagnostics.keys()].some((path) => projectFileKind(path) === 'workflow' && workflowIdOf(path) === id);
  }
}
