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
  readonly log: Log;
}

/** Alerts on their way to people: who is told what, and how it is sent. */
export class Alerts {
  readonly teller: AlertTeller;
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
  }

  /** Call it once the store is open. */
  async start(): Promise<void> {
    const { engine } = this.#options;
    this.#undo.push(engine.onAlert(() => void this.teller.look()), engine.membership.onChange(() => void this.teller.look()));
    await this.teller.start();
  }

  async stop(): Promise<void> {
    for (const undo of this.#undo.splice(0)) undo();
    await this.teller.stop();
  }

  /** The project's files may say something else. */
  apply(): Promise<void> {
    return this.teller.look();
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
