import { ResponseError } from 'vscode-jsonrpc/node';
import type { Log } from '../log/daemon-log.ts';
import { CodedError, errorCodes } from '../../schemas/protocol/error.ts';
import type { MethodName, Params, Result } from '../../schemas/protocol/method.ts';
import { message } from '../../schemas/wording/message.ts';
import { isJsonObject } from '../../schemas/workflow/json.ts';
import { ParamsValidator } from './params.ts';
import type { SubscriptionSession } from './subscription-hub.ts';

/** Checks a request, has its handler answer it, and turns whatever goes wrong into an answer. */
export class MethodCaller {
  readonly #handlers: Handlers;
  readonly #log: Log;
  readonly #validator = new ParamsValidator();

  constructor(handlers: Handlers, log: Log) {
    this.#handlers = handlers;
    this.#log = log;
  }

  /** Never rejects: a failure is answered as a `ResponseError`, which vscode-jsonrpc sends as an error. */
  async call(method: string, params: unknown, session: SubscriptionSession): Promise<unknown> {
    try {
      const given = isJsonObject(params) ? params : {};
      return await this.#answer(this.#validator.check(method, given), given, session);
    } catch (error) {
      return this.#responseErrorOf(error, method);
    }
  }

  async #answer(method: MethodName, params: unknown, session: SubscriptionSession): Promise<unknown> {
    switch (method) {
      case 'subscribe':
        return session.subscribe(params as Params<'subscribe'>);
      case 'unsubscribe':
        session.unsubscribe((params as Params<'unsubscribe'>).id);
        return {};
      default: {
        // The parameters have just been checked against this method's schema.
        const handler = this.#handlers[method] as (params: unknown) => Promise<unknown>;
        return handler(params);
      }
    }
  }

  #responseErrorOf(error: unknown, method: string): ResponseError<unknown> {
    if (error instanceof CodedError) return responseErrorOf(error);
    this.#log.error({ err: error, method: method.slice(0, 100) }, 'a request failed in an unexpected way');
    return responseErrorOf(new CodedError('internal', message('Something went wrong inside of Sluice; the log of the daemon has the details.')));
  }
}

export function responseErrorOf({ code, message, data, wording }: CodedError): ResponseError<unknown> {
  return new ResponseError(errorCodes[code].number, message, { ...data, code, ...(wording === undefined ? {} : { wording }) });
}

/** Methods that the server answers itself, because they belong to a connection. */
export type ConnectionMethod = 'subscribe' | 'unsubscribe';

/**
 * What answers each method. Parameters have been checked against the method's schema. An expected failure is thrown as a
 * `CodedError`; anything else that is thrown reaches the client as `internal`, without its message.
 */
export type Handlers = {
  readonly [M in Exclude<MethodName, ConnectionMethod>]: (params: Params<M>) => Promise<Result<M>>;
};
