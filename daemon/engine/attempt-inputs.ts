import { isJsonObject, type Json, type JsonObject } from '../../schemas/workflow/json.ts';
import type { Connection } from '../../schemas/workflow/model.ts';
import { fillSecrets, renderTemplate, type Rendered, type SecretUse } from '../../schemas/workflow/template.ts';
import type { ActionFailure, ResolvedConnection } from '../actions/action.ts';
import { MachineTroubleError } from '../core/machine-trouble.ts';
import type { SecretSource } from '../secrets/secret-source.ts';
import type { ClaimedJob } from '../store/store.ts';

const noFields: ReadonlySet<string> = new Set();

export interface AttemptInputsOptions {
  readonly projectFolder: string;
  readonly secrets: SecretSource;
  readonly connection: (name: string) => Connection | undefined;
  /** See `EngineSettings`. */
  readonly connectionsDoubt: () => string | undefined;
}

/** What attempts are made with: payloads and connections, with their secrets filled in. */
export class AttemptInputs {
  readonly #options: AttemptInputsOptions;

  constructor(options: AttemptInputsOptions) {
    this.#options = options;
  }

  /** The payload with its secrets filled in. @throws MissingSecretError, MachineTroubleError */
  of(job: ClaimedJob): { readonly value: JsonObject; readonly secretFields: ReadonlySet<string> } | ActionFailure {
    const payload = JSON.parse(job.payload) as Json;
    if (!isJsonObject(payload)) return invalid('payload is not an object', 'The payload must be an object: the `with` of the step.');
    if (job.secrets === undefined) return { value: payload, secretFields: noFields };
    const secrets = JSON.parse(job.secrets) as SecretUse[];
    return { value: this.#fill({ value: payload, secrets }) as JsonObject, secretFields: new Set(secrets.map(({ path }) => String(path[0]))) };
  }

  /** Undefined if none of that name is declared. @throws WithheldError, MissingSecretError, MachineTroubleError */
  connection(name: string): ResolvedConnection | undefined {
    const declared = this.#options.connection(name);
    if (declared === undefined) {
      const doubt = this.#options.connectionsDoubt();
      if (doubt !== undefined) throw new WithheldError(`${doubt}, so the connection ${JSON.stringify(name)} is not known`);
      return undefined;
    }
    const { password, ca, ...rest } = declared;
    const connection: ResolvedConnection = { ...rest, ...(ca === undefined ? {} : { ca: { folder: this.#options.projectFolder, path: ca } }) };
    if (password === undefined) return connection;
    const rendered = renderTemplate(password, {});
    if (!rendered.ok) throw new Error(rendered.error.message);
    const filled = this.#fill(rendered.rendered);
    return { ...connection, password: typeof filled === 'string' ? filled : JSON.stringify(filled) };
  }

  #fill(rendered: Rendered): Json {
    return fillSecrets(rendered, (name) => {
      const secret = this.#options.secrets.get(name);
      if (!secret.ok) throw secret.lacks === undefined ? new MissingSecretError(secret.message) : new MachineTroubleError(secret.message, secret.lacks);
      return secret.value;
    });
  }
}

/** Nothing is sent before the project's files say what the attempt needs: a file that is away has declared nothing, and taken nothing back. */
export class WithheldError extends Error {
  override readonly name = 'WithheldError';
}

export class MissingSecretError extends Error {
  override readonly name = 'MissingSecretError';
}

/** Something that no repetition changes. */
export function invalid(cause: string, message: string): ActionFailure {
  return { ok: false, error: { kind: 'invalid', cause, message } };
}
