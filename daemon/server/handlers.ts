import type { MethodName, Params, Result } from '../../schemas/protocol/method.ts';

/** Methods that the server answers itself, because they belong to a connection. */
export type ConnectionMethod = 'subscribe' | 'unsubscribe';

/**
 * What answers each method. Parameters have been checked against the method's schema. An expected failure is thrown as a
 * `CodedError`; anything else that is thrown reaches the client as `internal`, without its message.
 */
export type Handlers = {
  readonly [M in Exclude<MethodName, ConnectionMethod>]: (params: Params<M>) => Promise<Result<M>>;
};
