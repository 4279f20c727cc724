import type { ConnectionTest, ConnectionView } from '../../schemas/protocol/connection.ts';
import type { ConnectionUse } from '../../schemas/protocol/queue.ts';
import { CodedError } from '../../schemas/protocol/error.ts';
import { message, verbatim } from '../../schemas/wording/message.ts';
import type { Connection } from '../../schemas/workflow/connections/connection.ts';
import { secretsOf } from '../../schemas/workflow/template.ts';
import { ratesOf } from '../../schemas/workflow/rate.ts';
import type { ResolvedConnection } from '../actions/action.ts';
import { postgresAddress } from '../actions/connection-test.ts';
import { resolveConnection, templatesOf } from '../engine/connection-secrets.ts';
import type { ConnectionState } from '../engine/queue/connection-turns.ts';
import type { SecretSource } from '../secrets/secret-source.ts';
import type { Handlers } from '../server/method-caller.ts';
import { unknownName } from './param-values.ts';

export interface ConnectionServiceOptions {
  readonly projectFolder: string;
  /** As the files say now. `doubt`: why that may not be all, or not the newest. */
  readonly declared: () => Promise<{ readonly connections: ReadonlyMap<string, Connection>; readonly doubt: string | undefined }>;
  readonly secrets: Pick<SecretSource, 'get' | 'masker'>;
  /** How a connection with limits stands. */
  readonly stateOf: (name: string) => ConnectionState | undefined;
  readonly test: (connection: ResolvedConnection, path: string | undefined) => Promise<ConnectionTest>;
}

/** The systems on the other side: what is declared, and whether it answers. */
export class ConnectionService implements Pick<Handlers, 'connection/list' | 'connection/test'> {
  readonly #options: ConnectionServiceOptions;

  constructor(options: ConnectionServiceOptions) {
    this.#options = options;
  }

  'connection/list': Handlers['connection/list'] = async () => {
    const { connections, doubt } = await this.#options.declared();
    const views = [...connections.values()].map((connection) => this.#view(connection)).sort((one, other) => (one.name < other.name ? -1 : 1));
    return { connections: views, ...(doubt === undefined ? {} : { problem: doubt }) };
  };

  'connection/test': Handlers['connection/test'] = async ({ name, path }) => {
    const { projectFolder, secrets, test } = this.#options;
    const { connections, doubt } = await this.#options.declared();
    const declared = connections.get(name);
    if (declared === undefined && doubt !== undefined) throw new CodedError('bad-project', message("{problem}, so the connection {name} is not known. 'sluice validate' says what is wrong.", { problem: doubt, name }));
    if (declared === undefined) throw unknownName(message('There is no connection {name}.', { name }), { name, known: [...connections.keys()], none: message('.sluice/connections.yaml declares none.') });
    if (declared.type !== 'http' && path !== undefined) throw new CodedError('invalid-params', message('The connection {name} has no paths: only HTTP APIs have them.', { name }));
    const resolved = resolveConnection(declared, { projectFolder }, (secret) => {
      const found = secrets.get(secret);
      if (!found.ok) throw new CodedError('wrong-state', verbatim(found.message));
      return found.value;
    });
    const { address, answered, body, problem, ...rest } = await test(resolved, path);
    const mask = (text: string): string => secrets.masker().cutText(text);
    return { ...rest, address: mask(address), ...(answered === undefined ? {} : { answered: mask(answered) }), ...(body === undefined ? {} : { body: mask(body) }), ...(problem === undefined ? {} : { problem: mask(problem) }) };
  };

  #view(connection: Connection): ConnectionView {
    const { name, type } = connection;
    const named = new Set(templatesOf(connection).flatMap((template) => secretsOf(template)));
    const lacks = [...named].filter((secret) => !this.#options.secrets.get(secret).ok);
    return { name, type, ...placeOf(connection), lacks, ...this.#limits(name) };
  }

  #limits(name: string): Pick<ConnectionView, 'limits'> {
    const state = this.#options.stateOf(name);
    return state === undefined ? {} : { limits: connectionUse(state) };
  }
}

function placeOf(connection: Connection): Pick<ConnectionView, 'address' | 'auth'> {
  switch (connection.type) {
    case 'http':
      return { address: connection.url, ...(connection.auth === undefined ? {} : { auth: connection.auth.type }) };
    case 'smtp':
      return { address: `${connection.host}:${connection.port}`, ...(connection.user === undefined ? {} : { auth: 'user' }) };
    case 'postgres':
      return { address: connection.url.kind === 'literal' && typeof connection.url.value === 'string' ? postgresAddress(connection.url.value) : secretsOf(connection.url).map((name) => `secrets.${name}`).join(', '), auth: 'user' };
    case 'sqlite':
      return { address: connection.file };
  }
}

/** As clients see it. */
export function connectionUse({ limits: { rate, concurrency }, uses, active, waiting, obstacle }: ConnectionState): ConnectionUse {
  return {
    rates: ratesOf(rate).map((one) => ({ ...one, used: uses.find((use) => use.rate.perMs === one.perMs)?.used ?? 0 })),
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(active === undefined ? {} : { active }),
    waiting: [...waiting],
    ...(obstacle === undefined ? {} : { obstacle: obstacle.kind === 'rate' ? { kind: 'rate', rate: { ...obstacle.rate }, until: new Date(obstacle.until).toISOString() } : { kind: 'concurrency' } }),
  };
}
