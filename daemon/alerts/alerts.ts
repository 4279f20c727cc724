import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import path from 'node:path';
import type { AlertTest } from '../../schemas/protocol/alert.ts';
import type { ProjectConfig } from '../../schemas/workflow/model.ts';
import type { Action } from '../actions/action.ts';
import type { Clock } from '../core/clock.ts';
import type { Engine } from '../engine/engine.ts';
import type { EngineSettings } from '../engine/engine-settings.ts';
import type { Log } from '../log/daemon-log.ts';
import type { SecretSource } from '../secrets/secret-source.ts';
import type { Store } from '../store/store.ts';
import { type AlertOrigin, testLetter } from './alert-letter.ts';
import { AlertTeller } from './alert-teller.ts';
import { Heartbeat } from './heartbeat.ts';
import { LetterSender } from './letter-sender.ts';
import { receiverName } from './receiver-identity.ts';

export interface AlertsOptions {
  readonly clock: Clock;
  readonly store: Store;
  readonly engine: Engine;
  /** As the files say now. */
  readonly project: { readonly config: ProjectConfig; settings(): Pick<EngineSettings, 'connections'> };
  readonly projectFolder: string;
  readonly secrets: Pick<SecretSource, 'get' | 'masker'>;
  readonly actions: { get(name: string): Action | undefined };
  /** Why no webhook can be received; undefined if they can, or no workflow has one. */
  readonly listenerProblem: () => string | undefined;
  readonly log: Log;
}

/** A receiver that could not be told for so long is trouble of its own, in milliseconds. */
const unreachedMs = 5 * 60_000;

/** Alerts on their way to people: who is told what, and how it is sent. */
export class Alerts {
  readonly teller: AlertTeller;
  readonly heartbeat: Heartbeat;
  readonly #options: AlertsOptions;
  readonly #origin: AlertOrigin;
  readonly #sender: LetterSender;
  /** What `stop` has to undo. */
  readonly #undo: (() => void)[] = [];

  constructor(options: AlertsOptions) {
    this.#options = options;
    const { clock, store, engine, project, projectFolder, secrets, actions, log } = options;
    this.#origin = { project: path.basename(projectFolder), host: hostname() };
    this.#sender = new LetterSender({
      clock,
      projectFolder,
      origin: this.#origin,
      actions,
      connection: (name) => project.settings().connections.get(name),
      secret: (name) => secrets.get(name),
      mask: (text) => secrets.masker().cutText(text),
    });
    this.teller = new AlertTeller({
      clock,
      store,
      origin: this.#origin,
      receivers: () => project.config.alerts,
      raised: () => engine.alerts.raised,
      leads: () => engine.membership.leads,
      send: (target, letter, about) => this.#sender.send(target, letter, about),
      newId: () => `alert-${randomBytes(9).toString('hex')}`,
      log,
      onStoreError: (error) => {
        if (!engine.health.note(error)) log.error({ err: error }, 'who was told of alerts could not be kept');
      },
    });
    this.heartbeat = new Heartbeat({
      clock,
      // Of several daemons, one calls.
      url: () => (engine.membership.leads ? project.config.heartbeat : undefined),
      trouble: () => this.#trouble(),
      call: (url) => this.#sender.ping(url),
      log,
    });
  }

  /** Call it once the store is open. */
  async start(): Promise<void> {
    const { engine } = this.#options;
    this.#undo.push(engine.onAlert(() => void this.teller.look()), engine.membership.onChange(() => void this.apply()));
    await this.teller.start();
    this.heartbeat.start();
  }

  async stop(): Promise<void> {
    for (const undo of this.#undo.splice(0)) undo();
    await this.heartbeat.stop();
    await this.teller.stop();
  }

  /** The project's files may say something else. */
  apply(): Promise<void> {
    this.heartbeat.apply();
    return this.teller.look();
  }

  /** Why not all is well; undefined if it is. */
  async #trouble(): Promise<string | undefined> {
    const { engine, clock, listenerProblem } = this.#options;
    if (engine.health.trouble !== undefined) return engine.health.trouble.problem;
    const problem = listenerProblem();
    if (problem !== undefined) return problem;
    const standing = await this.teller.standing().catch(() => []);
    const lost = standing.find(({ book }) => clock.now() - (book.outgoing?.failure?.since ?? clock.now()) >= unreachedMs);
    return lost === undefined ? undefined : `${receiverName(lost.receiver.target)} could not be told of alerts: ${lost.book.outgoing?.failure?.problem ?? ''}`;
  }

  /** Sends a test to each receiver, or to that of the name, without waiting in the outbox; what was told of alerts stays as it is. */
  test(name?: string): Promise<readonly AlertTest[]> {
    const { clock, project } = this.#options;
    const meant = project.config.alerts.filter(({ target }) => name === undefined || receiverName(target) === name);
    return Promise.all(
      meant.map(async ({ target }) => {
        const begunAt = clock.monotonic();
        const sent = await this.#sender.send(target, testLetter(this.#origin), { id: `test-${randomBytes(9).toString('hex')}`, madeAt: clock.now() });
        const { ok } = sent;
        return { receiver: receiverName(target), ok, ...(sent.ok ? { answered: sent.answered } : { problem: sent.problem }), durationMs: clock.monotonic() - begunAt };
      }),
    );
  }
}
