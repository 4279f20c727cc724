import { message } from '../../schemas/wording/message.ts';
import { isJsonObject, type Json, type JsonObject } from '../../schemas/workflow/json.ts';
import type { Connection } from '../../schemas/workflow/connections/connection.ts';
import { fillSecrets, type Rendered, type SecretUse } from '../../schemas/workflow/template.ts';
import { invalidInput, type ActionFailure, type ResolvedConnection } from '../actions/action.ts';
import { MachineTroubleError } from '../core/machine-trouble.ts';
import type { SecretSource } from '../secrets/secret-source.ts';
import type { LinkIdentity } from '../secrets/signal-link.ts';
import type { ClaimedJob } from '../store/store.ts';
import { resolveConnection } from './connection-secrets.ts';

const noFields: ReadonlySet<string> = new Set();

export interface AttemptInputsOptions {
  readonly projectFolder: string;
  /** This daemon's name, if others share its store. */
  readonly sharer: string | undefined;
  readonly secrets: SecretSource;
  readonly connection: (name: string) => Connection | undefined;
  /** See `EngineSettings`. */
  readonly connectionsDoubt: () => string | undefined;
  /** See `EngineOptions`. */
  readonly signalUrl: SignalUrl;
}

/** The link with which a signal is answered. @throws NoLinkError where nobody could reach it */
export type SignalUrl = (link: LinkIdentity) => string;

/** What attempts are made with: payloads and connections, with their secrets filled in. */
export class AttemptInputs {
  readonly #options: AttemptInputsOptions;

  constructor(options: AttemptInputsOptions) {
    this.#options = options;
  }

  /** The payload with its secrets filled in. @throws MissingSecretError, MachineTroubleError */
  of(job: ClaimedJob): { readonly value: JsonObject; readonly secretFields: ReadonlySet<string> } | ActionFailure {
    const payload = JSON.parse(job.payload) as Json;
    if (!isJsonObject(payload)) return invalidInput('payload is not an object', message('The payload must be an object: the `with` of the step.'));
    if (job.secrets === undefined) return { value: payload, secretFields: noFields };
    const secrets = JSON.parse(job.secrets) as SecretUse[];
    const { jobId, createdAt } = job;
    return { value: this.#fill({ value: payload, secrets }, (name) => this.#options.signalUrl({ jobId, createdAt, name })) as JsonObject, secretFields: new Set(secrets.map(({ path }) => String(path[0]))) };
  }

  /** Undefined if none of that name is declared. @throws WithheldError, MissingSecretError, MachineTroubleError */
  connection(name: string): ResolvedConnection | undefined {
    const declared = this.#options.connection(name);
    if (declared === undefined) {
      const doubt = this.#options.connectionsDoubt();
      if (doubt !== undefined) throw new WithheldError(`${doubt}, so the connection ${JSON.stringify(name)} is not known`);
      return undefined;
    }
    return resolveConnection(declared, { projectFolder: this.#options.projectFolder, machine: this.#options.sharer }, (secret) => this.#secret(secret));
  }

  #fill(rendered: Rendered, linkOf: (name: string) => string): Json {
    return fillSecrets(rendered, (part) => {
      return 'signal' in part ? linkOf(part.signal) : this.#secret(part.secret);
    });
  }

  #secret(name: string): string {
    const secret = this.#options.secrets.get(name);
    if (!secret.ok) throw secret.lacks === undefined ? new MissingSecretError(secret.message) : new MachineTroubleError(secret.message, secret.lacks);
    return secret.value;
  }
}

/** Nothing is sent before the project's files say what the attempt needs: a file that is away has declared nothing, and taken nothing back. */
export class WithheldError extends Error {
  override readonly name = 'WithheldError';
}

/** There is no address where a link could lead. */
export class NoLinkError extends Error {
  override readonly name = 'NoLinkError';
}

export class MissingSecretError extends Error {
  override readonly name = 'MissingSecretError';
}
