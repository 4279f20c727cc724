import type { WebhookStatus } from '../../schemas/protocol/delivery.ts';
import type { ProjectAnalysis } from '../../schemas/workflow/analysis/analyse-project.ts';
import type { ProjectConfig, Workflow } from '../../schemas/workflow/model.ts';
import type { ListenAddress } from '../../schemas/workflow/triggers/webhook-trigger.ts';
import type { Clock } from '../core/clock.ts';
import type { Intake } from '../engine/intake.ts';
import type { Delivered, DeliverParams } from '../ledger/delivery.ts';
import type { Log } from '../log/daemon-log.ts';
import type { Masker } from '../secrets/masker.ts';
import type { SecretValue } from '../secrets/secret-source.ts';
import { RefusalLog } from '../server/http-answer.ts';
import { Listeners } from '../platform/listeners.ts';
import { DeliveryIntake } from './delivery-intake.ts';
import { EventReader, type InputCheck } from './event-reader.ts';
import { SignalDoor, signalPrefix, type SignalLinks } from './signal-door.ts';
import { WebhookListener } from './webhook-listener.ts';
import { WebhookRoutes } from './webhook-routes.ts';

export interface WebhooksOptions {
  /** As the files are now. */
  readonly project: { readonly analysis: ProjectAnalysis; readonly config: ProjectConfig };
  readonly intake: Pick<Intake, 'deliver'>;
  readonly secret: (name: string) => SecretValue;
  readonly masker: () => Masker;
  readonly env: () => Readonly<Record<string, string>>;
  readonly checkInputs: InputCheck;
  readonly links: SignalLinks;
  readonly clock: Clock;
  readonly log: Log;
}

/** Incoming webhooks of a project: a listener for as long as a workflow wants one, and what becomes of its requests. */
export class Webhooks {
  readonly #options: WebhooksOptions;
  readonly routes: WebhookRoutes;
  readonly reader: EventReader;
  readonly #listener: WebhookListener;
  readonly #listeners = new Listeners();
  #isStarted = false;

  constructor(options: WebhooksOptions) {
    this.#options = options;
    const { project, clock, log, links } = options;
    this.routes = new WebhookRoutes(() => project.analysis);
    this.reader = new EventReader(options);
    const outside = { publicUrl: () => this.publicUrl ?? '', refusals: new RefusalLog(log, clock) };
    const intake = new DeliveryIntake({ ...options, ...outside, intake: this, reader: this.reader, route: (path) => this.routes.find(path) });
    this.#listener = new WebhookListener({ doors: [intake, new SignalDoor({ ...outside, links })], clock, log, onChange: () => this.#changed() });
  }

  /** Calls back when `status` may be another, or a delivery was kept. Returns what ends it. */
  onChange(listener: () => void): () => void {
    return this.#listeners.add(listener);
  }

  /** See `Engine.deliver`. */
  async deliver(params: DeliverParams, workflow?: Workflow): Promise<Delivered> {
    const delivered = await this.#options.intake.deliver(params, workflow);
    this.#changed();
    return delivered;
  }

  async start(): Promise<void> {
    this.#isStarted = true;
    await this.apply();
  }

  async stop(): Promise<void> {
    this.#isStarted = false;
    await this.#listener.stop();
  }

  /** The project's files may say something else. */
  async apply(): Promise<void> {
    if (this.#isStarted) await this.#listener.apply(this.#isWanted ? this.#options.project.config.webhooks.listen : undefined);
  }

  /** The link that has this token; undefined if nothing listens where it could lead. */
  linkTo(token: string): string | undefined {
    const { listen, publicUrl } = this.#options.project.config.webhooks;
    if (listen === undefined) return undefined;
    // What listens may be out of reach just now, and be back when the link is opened.
    const base = publicUrl ?? this.localUrl ?? (listen.port === 0 ? undefined : urlOf(listen));
    return base && `${base}${signalPrefix}${token}`;
  }

  /** A workflow has a webhook, or somebody may have been given a link. */
  get #isWanted(): boolean {
    return this.routes.all.size > 0 || this.routes.hasSignals;
  }

  /** Where this machine reaches the listener; undefined if it doesn't listen. */
  get localUrl(): string | undefined {
    const { state } = this.#listener;
    return state.kind === 'listening' ? urlOf(state) : undefined;
  }

  /** What senders call, without the path. */
  get publicUrl(): string | undefined {
    return this.#options.project.config.webhooks.publicUrl ?? this.localUrl;
  }

  /** Undefined if no workflow has a webhook. */
  status(): WebhookStatus | undefined {
    const { state } = this.#listener;
    if (this.routes.all.size === 0 && state.kind === 'off') return undefined;
    const { publicUrl } = this;
    const url = publicUrl === undefined ? {} : { url: `${publicUrl}/hooks/` };
    switch (state.kind) {
      case 'off':
        return { state: 'off', problem: 'Nothing listens for webhooks: say where in .sluice/config.yaml, such as webhooks: { listen: "127.0.0.1:4681" }.' };
      case 'listening':
        return { state: 'listening', ...url, listen: authority(state.host, state.port) };
      case 'trouble':
        return { state: 'trouble', ...url, listen: authority(state.host, state.port), problem: `Webhooks can't be received: ${state.problem}.` };
    }
  }

  #changed(): void {
    this.#listeners.tell();
  }
}

/** An address that stands for all of this machine's can't be called everywhere. */
function urlOf({ host, port }: ListenAddress): string {
  return `http://${authority(host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host, port)}`;
}

function authority(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
