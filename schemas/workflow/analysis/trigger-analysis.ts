import { toJson } from '../document.ts';
import { cronProblem, isTimeZone, likelyCron, nearestTimeZone } from './cron.ts';
import type { ExpressionPlace } from './expression-scope.ts';
import { MapReader } from './map-reader.ts';
import { warnNotSupported } from './queue-analysis.ts';
import { didYouMean, quoted } from './report.ts';
import type { TemplateReader } from './template-reader.ts';
import { message, sentences } from '../../wording/message.ts';

/** An event has come, but there is no run yet. */
const triggerPlace: ExpressionPlace = { step: '', section: 'steps', item: undefined, whyNoItem: message("only a step with 'foreach' has items"), secrets: false, roots: ['trigger'] };

const byHand = message('The workflow can be started by hand.');

/** Checks `on`. Triggers are not carried out yet, so nothing of it goes into the model. */
export function checkTriggers(root: MapReader, templates: TemplateReader): void {
  const entry = root.entry('on');
  if (entry === undefined) return;
  // `on: manual` and `on:` say what holds anyway.
  if (entry.value.kind === 'scalar' && (entry.value.value === null || entry.value.value === 'manual')) return;
  const reader = root.map('on', { what: "'on'", keys: ['manual', 'schedule', 'webhook'] });
  if (reader === undefined) return;
  checkSchedules(reader);
  checkWebhook(reader, templates);
  warnNotSupported(reader, 'schedule', byHand);
  warnNotSupported(reader, 'webhook', byHand);
}

function checkSchedules(parent: MapReader): void {
  for (const item of parent.list('schedule', 'schedules')) {
    const reader = MapReader.open(parent.report, item, item.kind === 'map' ? (item.entries[0]?.keyRange ?? item.range) : item.range, { what: 'a schedule', keys: ['cron', 'timezone', 'missed'] });
    if (reader === undefined) continue;
    reader.require('cron');
    const cron = reader.string('cron', 'five fields such as "0 9 * * MON"');
    const problem = cron === undefined ? undefined : cronProblem(cron);
    if (cron !== undefined && problem !== undefined) {
      const likely = likelyCron(cron);
      reader.report.error('bad-cron', reader.place('cron'), sentences(problem, didYouMean(likely)), likely === undefined ? [] : [likely]);
    }
    const zone = reader.string('timezone', 'a time zone such as Europe/Berlin');
    if (zone !== undefined && !isTimeZone(zone)) {
      const nearest = nearestTimeZone(zone);
      reader.report.error('bad-timezone', reader.place('timezone'), sentences(message('{zone} is not a time zone. Write an IANA name such as Europe/Berlin or UTC.', { zone: quoted(zone) }), didYouMean(nearest)), nearest === undefined ? [] : [nearest]);
    }
    reader.choice('missed', ['skip', 'run-once', 'run-all']);
  }
}

function checkWebhook(parent: MapReader, templates: TemplateReader): void {
  const reader = parent.map('webhook', { what: "'webhook'", keys: ['path', 'verify', 'dedupe'] });
  if (reader === undefined) return;
  reader.require('path', 'verify');
  const path = reader.string('path', 'a name in the URL such as newsletter');
  if (path !== undefined && !/^[A-Za-z0-9_-]+(\/[A-Za-z0-9_-]+)*$/.test(path)) {
    reader.report.error('bad-value', reader.place('path'), message("{path} can't be part of a URL here: use letters, digits, '-' and '_', with '/' between parts.", { path: quoted(path) }));
  }
  const dedupe = reader.entry('dedupe');
  if (reader.string('dedupe', 'an expression such as ${{ trigger.body.id }}') !== undefined && dedupe !== undefined) templates.template(dedupe.value, triggerPlace);
  const verify = reader.map('verify', { what: "'verify'", keys: ['scheme', 'header', 'secret'] });
  if (verify === undefined) return;
  verify.require('scheme');
  const scheme = verify.choice('scheme', ['hmac-sha256', 'github', 'stripe', 'standard-webhooks', 'bearer', 'none']);
  verify.string('header', "a header's name such as x-signature");
  if (scheme !== undefined && scheme !== 'none') verify.require('secret');
  checkVerifySecret(verify, templates);
}

function checkVerifySecret(verify: MapReader, templates: TemplateReader): void {
  const secret = verify.entry('secret');
  if (secret === undefined) return;
  const value = toJson(secret.value);
  if (typeof value === 'string' && /^\$\{\{\s*secrets\.[A-Za-z_][A-Za-z0-9_]*\s*\}\}$/.test(value)) {
    templates.template(secret.value, { ...triggerPlace, roots: ['secrets'] }, () => true);
    return;
  }
  verify.report.error('bad-value', verify.place('secret'), message("'secret' is a reference such as {code}: a secret is never in the file itself.", { code: '${{ secrets.NAME }}' }));
}

