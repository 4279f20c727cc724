import type { ActionContext, ActionFailure, ActionResult, ActionSuccess } from '../../daemon/actions/action.ts';

/** What an attempt gets from the engine, with values that tests can rely on. */
export function actionContext(given: Partial<ActionContext> = {}): ActionContext {
  return {
    signal: new AbortController().signal,
    timeLimitMs: 30_000,
    idempotencyKey: 'key_1',
    jobCreatedAt: Date.UTC(2026, 0, 2, 3, 4, 5),
    now: Date.UTC(2026, 0, 2, 3, 5, 0),
    secretFields: new Set(),
    connection: () => undefined,
    depart: undefined,
    room: async () => {},
    encodeLargeBody: async () => Promise.reject(new Error('no large body is expected')),
    round: 1,
    progress: undefined,
    code: undefined,
    projectFolder: import.meta.dirname,
    ...given,
  };
}

/** The success that the test relies on; throws the failure's message otherwise. */
export function succeeded(result: ActionResult): ActionSuccess {
  if (result.ok) return result;
  throw new Error(`expected a success, got ${JSON.stringify(result.error)}`);
}

/** The failure that the test relies on. */
export function failed(result: ActionResult): ActionFailure {
  if (!result.ok) return result;
  throw new Error(`expected a failure, got ${JSON.stringify(result.output)}`);
}
