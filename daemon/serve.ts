import type { Alerts } from './alerts/alerts.ts';
import type { Clock } from './core/clock.ts';
import type { Engine } from './engine/engine.ts';
import type { DaemonLog } from './log/daemon-log.ts';
import { writeLastConfig, type Project } from './project/project.ts';
import type { SecretSource } from './secrets/secret-source.ts';
import { MetricsListener } from './server/metrics-listener.ts';
import { Server } from './server/server.ts';
import { AlertService } from './service/alert-service.ts';
import { BulkService } from './service/bulk-service.ts';
import { ConnectionService, type ConnectionServiceOptions } from './service/connection-service.ts';
import { DeadLetterService } from './service/dead-letter-service.ts';
import { DeliveryService } from './service/delivery-service.ts';
import { DraftService, type FindAction, payloadCheck } from './service/draft-service.ts';
import { JobService, RetryService } from './service/job-service.ts';
import { methodTable } from './service/method-table.ts';
import { knownQueue } from './service/param-values.ts';
import { MetricsService } from './service/metrics-service.ts';
import { ProjectService } from './service/project-service.ts';
import { QueueService } from './service/queue-service.ts';
import { EvaluationService, RunService } from './service/run-service.ts';
import { ScheduleService } from './service/schedule-service.ts';
import { SecretService } from './service/secret-service.ts';
import { SignalService } from './service/signal-service.ts';
import { StatusService, type StatusServiceOptions } from './service/status-service.ts';
import { WhyService } from './service/why-service.ts';
import { Topics } from './service/topics.ts';
import type { FormerDaemon } from './state/discovery-file.ts';
import type { Store } from './store/store.ts';
import type { Scheduler } from './triggers/scheduler.ts';
import type { Webhooks } from './triggers/webhooks.ts';

export interface ServedParts {
  readonly projectFolder: string;
  readonly clock: Clock;
  readonly project: Project;
  readonly secrets: SecretSource;
  readonly engine: Engine;
  readonly store: Store;
  readonly log: DaemonLog;
  readonly token: string;
  readonly version: string;
  readonly findAction: FindAction;
  readonly testConnection: ConnectionServiceOptions['test'];
  readonly crashed: FormerDaemon | undefined;
  readonly webhooks: Webhooks;
  readonly scheduler: Scheduler;
  readonly alerts: Alerts;
  /** Where the server listens, once it does. */
  readonly port: () => number;
  readonly stop: () => void;
  /** See `StatusServiceOptions`. */
  readonly isStoreKept: StatusServiceOptions['isStoreKept'];
  readonly storePlace: StatusServiceOptions['storePlace'];
  readonly storeChange: () => string | undefined;
}

/** What clients can ask a daemon for: its services, and the server in front of them, not started yet. */
export function serve(parts: ServedParts): { readonly server: Server; readonly queues: QueueService; readonly projects: ProjectService; readonly runs: RunService; readonly signals: SignalService; readonly metrics: MetricsListener } {
  const { projectFolder, clock, project, secrets, engine, store, log, token, version, findAction, crashed, webhooks, scheduler, alerts } = parts;
  const projects: ProjectService = new ProjectService({ project, engine, log, keepConfig: (text) => writeLastConfig(projectFolder, text), onChange: () => Promise.all([webhooks.apply(), scheduler.apply(), alerts.apply(), metricsListener.apply(project.config.metrics)]).then(() => undefined) });
  const schedules = new ScheduleService({ scheduler, project: projects, store, clock });
  const runs = new RunService({
    project: projects,
    engine,
    store,
    clock,
    preview: () => ({ projectFolder, env: project.settings().env, masker: secrets.masker() }),
  });
  const evaluation = new EvaluationService({ store, env: () => project.settings().env, masker: () => secrets.masker() });
  const queues = new QueueService({ project, engine, store, clock });
  const alertService = new AlertService({ alerts, receivers: () => project.config.alerts, assertQueue: (name) => void knownQueue(engine, name), refresh: () => projects.refresh(), clock });
  const jobs = new JobService({ engine, store, clock });
  const signals = new SignalService({ engine, store, clock, masker: () => secrets.masker() });
  const bulks = new BulkService({ engine, store, clock, projectFolder });
  const deliveries = new DeliveryService({ webhooks, project: projects, store, clock, secret: (name) => secrets.get(name), masker: () => secrets.masker() });
  const checkPayload = payloadCheck(findAction);
  const status = new StatusService({
    project,
    projectFolder,
    engine,
    store,
    queues,
    log,
    clock,
    version,
    durability: project.config.durability,
    storePlace: parts.storePlace,
    storeChange: parts.storeChange,
    port: parts.port,
    isStoreKept: parts.isStoreKept,
    stop: parts.stop,
    crashed,
    webhooks: () => webhooks.status(),
    unreached: () => alertService.unreached(),
  });
  const metrics = new MetricsService({ status, engine, clock });
  const metricsListener = new MetricsListener({ metrics: () => metrics.text(), clock, log });
  const server = new Server({
    handlers: methodTable({
      projects,
      runs,
      evaluation,
      queues,
      alerts: alertService,
      jobs,
      retries: new RetryService({ engine, store, clock }),
      signals,
      bulks,
      dead: new DeadLetterService({ engine, store, clock, checkPayload, bulks }),
      schedules,
      deliveries,
      drafts: new DraftService({ engine, store, clock, checkPayload }),
      connections: new ConnectionService({
        projectFolder,
        declared: async () => {
          await projects.refresh();
          const { connections, connectionsDoubt } = project.settings();
          return { connections, doubt: connectionsDoubt };
        },
        secrets,
        stateOf: (name) => engine.dispatcher.connections.stateOf(name),
        test: parts.testConnection,
      }),
      secrets: new SecretService({ secrets, onChange: () => engine.needsChanged() }),
      status,
      why: new WhyService({ engine, store, clock, jobs, runs, schedules, deliveries }),
    }),
    topics: new Topics({ engine, store, queues, runs, status, bulks, signals, webhooks, schedules, scheduler, log }),
    token,
    version,
    health: async () => engine.health.trouble?.problem,
    metrics: () => metrics.text(),
    log,
    clock,
  });
  return { server, queues, projects, runs, signals, metrics: metricsListener };
}
