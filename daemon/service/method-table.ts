import type { Handlers } from '../server/method-caller.ts';
import type { AlertService } from './alert-service.ts';
import type { BulkService } from './bulk-service.ts';
import type { ConnectionService } from './connection-service.ts';
import type { DeadLetterService } from './dead-letter-service.ts';
import type { DeliveryService } from './delivery-service.ts';
import type { DraftService } from './draft-service.ts';
import type { JobService, RetryService } from './job-service.ts';
import type { ProjectService } from './project-service.ts';
import type { QueueService } from './queue-service.ts';
import type { EvaluationService, RunService } from './run-service.ts';
import type { ScheduleService } from './schedule-service.ts';
import type { SecretService } from './secret-service.ts';
import type { SignalService } from './signal-service.ts';
import type { StatusService } from './status-service.ts';
import type { WhyService } from './why-service.ts';

export interface Services {
  readonly projects: ProjectService;
  readonly runs: RunService;
  readonly evaluation: EvaluationService;
  readonly queues: QueueService;
  readonly alerts: AlertService;
  readonly jobs: JobService;
  readonly retries: RetryService;
  readonly signals: SignalService;
  readonly bulks: BulkService;
  readonly dead: DeadLetterService;
  readonly deliveries: DeliveryService;
  readonly schedules: ScheduleService;
  readonly drafts: DraftService;
  readonly connections: ConnectionService;
  readonly secrets: SecretService;
  readonly status: StatusService;
  readonly why: WhyService;
}

/** Which service answers which method. */
export function methodTable({ projects, runs, evaluation, queues, alerts, jobs, retries, signals, bulks, dead, deliveries, schedules, drafts, connections, secrets, status, why }: Services): Handlers {
  return {
    'daemon/status': status['daemon/status'],
    'daemon/stop': status['daemon/stop'],
    'workflow/list': projects['workflow/list'],
    'workflow/validate': projects['workflow/validate'],
    'run/start': runs['run/start'],
    'run/preview': runs['run/preview'],
    'run/continue': runs['run/continue'],
    'run/list': runs['run/list'],
    'run/get': runs['run/get'],
    'run/cancel': runs['run/cancel'],
    'run/evaluate': evaluation['run/evaluate'],
    'alert/list': alerts['alert/list'],
    'alert/test': alerts['alert/test'],
    'alert/mute': alerts['alert/mute'],
    'alert/unmute': alerts['alert/unmute'],
    'queue/list': queues['queue/list'],
    'queue/pause': queues['queue/pause'],
    'queue/resume': queues['queue/resume'],
    'queue/set': queues['queue/set'],
    'queue/move': queues['queue/move'],
    'queue/release': queues['queue/release'],
    'queue/series': queues['queue/series'],
    'job/list': jobs['job/list'],
    'job/get': jobs['job/get'],
    'job/cancel': jobs['job/cancel'],
    'job/retry': retries['job/retry'],
    'signal/send': signals['signal/send'],
    'signal/list': signals['signal/list'],
    'signal/notice': signals['signal/notice'],
    'bulk/start': bulks['bulk/start'],
    'bulk/list': bulks['bulk/list'],
    'bulk/get': bulks['bulk/get'],
    'bulk/continue': bulks['bulk/continue'],
    'bulk/cancel': bulks['bulk/cancel'],
    'bulk/tally': bulks['bulk/tally'],
    'dead/list': dead['dead/list'],
    'dead/groups': dead['dead/groups'],
    'dead/replay': dead['dead/replay'],
    'dead/recall': dead['dead/recall'],
    'dead/tally': dead['dead/tally'],
    'dead/discard': dead['dead/discard'],
    'schedule/list': schedules['schedule/list'],
    'schedule/pause': schedules['schedule/pause'],
    'schedule/resume': schedules['schedule/resume'],
    'delivery/list': deliveries['delivery/list'],
    'delivery/get': deliveries['delivery/get'],
    'delivery/rerun': deliveries['delivery/rerun'],
    'delivery/send': deliveries['delivery/send'],
    'draft/save': drafts['draft/save'],
    'draft/drop': drafts['draft/drop'],
    'connection/list': connections['connection/list'],
    'connection/test': connections['connection/test'],
    'secret/list': secrets['secret/list'],
    'secret/set': secrets['secret/set'],
    'secret/delete': secrets['secret/delete'],
    'log/tail': status['log/tail'],
    'store/check': status['store/check'],
    'store/backup': status['store/backup'],
    why: why.why,
  };
}
