import type { Action, ActionContext, ActionResult, ResolvedSmtpConnection } from '../../daemon/actions/action.ts';
import { Actions, type ActionsOptions } from '../../daemon/actions/actions.ts';
import type { JsonObject } from '../../schemas/workflow/json.ts';
import { systemClock } from '../../daemon/platform/system-clock.ts';
import { actionContext } from './action-context.ts';
import { HttpSink, type HttpSinkOptions, type Responder } from './http-sink.ts';
import { MemoryTokens } from './memory-tokens.ts';
import { SmtpSink, type SmtpSinkOptions } from './smtp-sink.ts';

/** Where actions are tried out: all of them, and the servers that they call. `clear()` after each test. */
export class ActionBench {
  readonly #sinks: (HttpSink | SmtpSink)[] = [];
  #actions = actionsOf({});

  /** Runs an action once. */
  run(name: string, input: JsonObject, context: Partial<ActionContext> = {}): Promise<ActionResult> {
    const action = this.#actions.get(name);
    if (action === undefined) throw new Error(`no action ${name}`);
    return action.execute(input, actionContext(context));
  }

  /** For whoever looks actions up by their names. */
  get(name: string): Action | undefined {
    return this.#actions.get(name);
  }

  /** Continues with actions of other settings. */
  async use(options: Partial<ActionsOptions>): Promise<void> {
    await this.#actions.stop();
    this.#actions = actionsOf(options);
  }

  /** Starts an HTTP server. */
  async http(respond?: Responder, options: HttpSinkOptions = {}): Promise<{ sink: HttpSink; url: string; port: number }> {
    const sink = new HttpSink({ ...options, ...(respond === undefined ? {} : { respond }) });
    this.#sinks.push(sink);
    return { sink, ...(await sink.start()) };
  }

  /** Starts an SMTP server; the connection to it is called `esp`. */
  async smtp(options: SmtpSinkOptions = {}, given: Partial<ResolvedSmtpConnection> = {}): Promise<{ sink: SmtpSink; connection: ResolvedSmtpConnection }> {
    const sink = new SmtpSink(options);
    this.#sinks.push(sink);
    const { host, port } = await sink.start();
    return { sink, connection: { name: 'esp', type: 'smtp', host, port, tls: 'none', pool: 2, maxMessages: 100, from: 'News <news@sender.example>', ...given } };
  }

  /** Mails once, through a connection that goes by the name `esp`. */
  mail(connection: ResolvedSmtpConnection, input: JsonObject, context: Partial<ActionContext> = {}): Promise<ActionResult> {
    return this.run('email/send', input, { connection: (name) => (name === 'esp' ? connection : undefined), ...context });
  }

  async stopActions(): Promise<void> {
    await this.#actions.stop();
  }

  /** Stops all servers, and begins with fresh actions. */
  async clear(): Promise<void> {
    await this.use({});
    await Promise.all(this.#sinks.splice(0).map((sink) => sink.stop()));
  }
}

/** Without the proxies of the machine that the tests run on. */
function actionsOf(options: Partial<ActionsOptions>): Actions {
  return new Actions({ version: '1.2.3', env: {}, clock: systemClock, tokens: { store: new MemoryTokens(), mask: () => {} }, prepareRun: async () => Promise.reject(new Error('no run is expected')), ...options });
}
