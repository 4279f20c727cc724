import { toJson } from '../document.ts';
import type { TriggerKind } from '../../protocol/trigger.ts';
import type { Triggers } from '../model.ts';
import type { ExpressionPlace } from './expression-scope.ts';
import type { MapReader } from './map-reader.ts';
import { warnNotSupported } from './queue-analysis.ts';
import { quoted } from './report.ts';
import { readSchedules } from './schedule-analysis.ts';
import type { TemplateReader } from './template-reader.ts';
import { message } from '../../wording/message.ts';

/** An event has come, but there is no run yet. */
const triggerPlace: ExpressionPlace = { step: '', section: 'steps', item: undefined, whyNoItem: message("only a step with 'foreach' has items"), secrets: false, roots: ['trigger'], triggers: ['webhook'] };

const byHand = message('The workflow can be started by hand.');

/** What `on` says. `kinds`: what can start a run, also where its declaration has errors. */
export interface AnalysedTriggers {
  readonly kinds: readonly TriggerKind[];
  readonly model: Triggers;
}

/** Reads and checks `on`. */
export function readTriggers(root: MapReader, templates: TemplateReader): AnalysedTriggers {
  const none: AnalysedTriggers = { kinds: ['manual', 'workflow'], model: { schedules: [] } };
  const entry = root.entry('on');
  if (entry === undefined) return none;
  // `on: manual` and `on:` say what holds anyway.
  if (entry.value.kind === 'scalar' && (entry.value.value === null || entry.value.value === 'manual')) return none;
  const reader = root.map('on', { what: "'on'", keys: ['manual', 'schedule', 'webhook'] });
  if (reader === undefined) return none;
  const schedules = readSchedules(reader, templates);
  checkWebhook(reader, templates);
  warnNotSupported(reader, 'schedule', byHand);
  warnNotSupported(reader, 'webhook', byHand);
  return {
    kinds: ['manual', ...(reader.has('schedule') ? ['schedule' as const] : []), ...(reader.has('webhook') ? ['webhook' as const] : []), 'workflow'],
    model: { schedules },
  };
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

