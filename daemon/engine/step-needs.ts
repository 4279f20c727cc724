import { formatJobId } from '../../schemas/protocol/id.ts';
import type { Lack } from '../../schemas/protocol/queue.ts';
import type { Connection } from '../../schemas/workflow/connections/connection.ts';
import type { Step } from '../../schemas/workflow/model.ts';
import { english } from '../../schemas/wording/language.ts';
import { lackingMessages } from '../../schemas/wording/queue.ts';
import { secretsOf, type Template } from '../../schemas/workflow/template.ts';
import type { Action } from '../actions/action.ts';
import type { SecretSource } from '../secrets/secret-source.ts';
import type { ClaimedJob } from '../store/store.ts';
import { templatesOf } from './connection-secrets.ts';
import type { EngineLog } from './engine-settings.ts';

export interface StepNeedsOptions {
  readonly secrets: Pick<SecretSource, 'get' | 'problem'>;
  readonly actions: { get(name: string): Action | undefined };
  readonly connection: (name: string) => Connection | undefined;
  /**
   * Other daemons may have what this one lacks of what files and programs give: then their jobs are left to them. If nobody else has the store, an action or a connection
   * that isn't there is a mistake that waiting doesn't correct.
   */
  readonly isShared: boolean;
  readonly log: Pick<EngineLog, 'warn'>;
}

/**
 * What this daemon lacks to make attempts of a step: a secret, an action, a connection. It is found out once for each step of a version, since a step's text says what its
 * jobs need, and again when something has changed.
 */
export class StepNeeds {
  readonly #options: StepNeedsOptions;
  /** Steps are parsed once, and understood by many jobs. */
  #known = new WeakMap<Step, { readonly lack: Lack | undefined }>();

  constructor(options: StepNeedsOptions) {
    this.#options = options;
  }

  /** What is missing; undefined if nothing is. */
  lackOf(step: Step): Lack | undefined {
    let known = this.#known.get(step);
    if (known === undefined) {
      known = { lack: this.#find(step) };
      this.#known.set(step, known);
    }
    return known.lack;
  }

  /** Jobs of a step are left where they are from now on. */
  tell(queue: string, { step, jobId }: Pick<ClaimedJob, 'step' | 'jobId'>, lack: Lack): void {
    const lacking = { step, job: formatJobId(jobId), lack };
    this.#options.log.warn({ queue, ...lacking }, english.paragraphOf(lackingMessages(queue, lacking)));
  }

  /** Secrets or files have changed. */
  forget(): void {
    this.#known = new WeakMap();
  }

  #find({ uses, with: input, connection: name }: Step): Lack | undefined {
    const { actions, isShared } = this.#options;
    if (isShared && actions.get(uses) === undefined) return { kind: 'action', name: uses };
    const lack = this.#lackOfSecrets(input);
    if (lack !== undefined) return lack;
    if (name === undefined) return undefined;
    const connection = this.#options.connection(name);
    if (connection === undefined) return isShared ? { kind: 'connection', name } : undefined;
    for (const template of templatesOf(connection)) {
      const missing = this.#lackOfSecrets(template);
      if (missing !== undefined) return missing;
    }
    return undefined;
  }

  #lackOfSecrets(template: Template): Lack | undefined {
    const { secrets } = this.#options;
    for (const name of secretsOf(template)) {
      const secret = secrets.get(name);
      // What the machine could not read just now is read again by the attempt.
      if (secret.ok || secret.lacks !== undefined) continue;
      const problem = secrets.problem();
      return { kind: 'secret', name, ...(problem === undefined ? {} : { problem }) };
    }
    return undefined;
  }
}
