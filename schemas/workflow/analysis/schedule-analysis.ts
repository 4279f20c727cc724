import { toJson, type MapEntry } from '../document.ts';
import { isJsonObject } from '../json.ts';
import { missedPolicies, scheduleDefaults, type Schedule } from '../model.ts';
import { message, sentences } from '../../wording/message.ts';
import { cronProblem, isTimeZone, likelyCron, nearestTimeZone } from './cron.ts';
import type { ExpressionPlace } from './expression-scope.ts';
import { reportUnknownInput, requiredWithoutDefault, type InputsSchema } from './input-schema.ts';
import { describe, MapReader, placeOf } from './map-reader.ts';
import { readDuration } from './policy-reader.ts';
import { didYouMean, quoted } from './report.ts';
import { schemaProblems } from './schema-problem.ts';
import { compileSchema } from './schema-values.ts';
import type { TemplateReader } from './template-reader.ts';

/** A time has come, but there is no run yet. */
const schedulePlace: ExpressionPlace = {
  step: '', section: 'steps', item: undefined, whyNoItem: message("only a step with 'foreach' has items"), secrets: false, roots: ['trigger'], triggers: ['schedule'],
};

/** Whoever wants times to be caught up after more than a month wants another tool. */
const longestWithinMs = 31 * 24 * 60 * 60 * 1000;

/** Reads `on.schedule`; what has errors is left out. */
export function readSchedules(parent: MapReader, templates: TemplateReader, inputs: InputsSchema): readonly Schedule[] {
  const found: Schedule[] = [];
  for (const item of parent.list('schedule', 'schedules')) {
    const at = item.kind === 'map' ? (item.entries[0]?.keyRange ?? item.range) : item.range;
    const reader = MapReader.open(parent.report, item, at, { what: 'a schedule', keys: ['cron', 'timezone', 'missed', 'within', 'inputs'] });
    const schedule = reader && readSchedule(reader, templates, inputs);
    if (reader === undefined || schedule === undefined) continue;
    if (found.some(({ cron, timeZone }) => cron === schedule.cron && timeZone === schedule.timeZone)) {
      reader.report.error('bad-value', reader.place('cron'), message('There is a schedule with this cron expression and time zone already: each time would start two runs. Remove one of them, or give it another time.'));
      continue;
    }
    found.push(schedule);
  }
  return found;
}

function readSchedule(reader: MapReader, templates: TemplateReader, schema: InputsSchema): Schedule | undefined {
  const before = reader.report.errorCount;
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
  const missed = reader.choice('missed', missedPolicies) ?? scheduleDefaults.missed;
  const withinMs = readDuration(reader, 'within', 60_000) ?? scheduleDefaults.withinMs;
  if (withinMs > longestWithinMs) reader.report.error('bad-duration', reader.place('within'), message("'within' is at most 31 days: what is older is shown as missed."));
  const given = reader.entry('inputs');
  if (given !== undefined && given.value.kind !== 'map') reader.report.error('wrong-type', reader.place('inputs'), message("'inputs' is a map of the workflow's inputs, not {given}.", { given: describe(given.value) }));
  else checkGiven(reader, given, templates, schema);
  if (cron === undefined || reader.report.errorCount > before) return undefined;
  const inputs = given === undefined ? {} : toJson(given.value);
  return { cron, timeZone: zone ?? scheduleDefaults.timeZone, missed, withinMs, inputs: isJsonObject(inputs) ? inputs : {} };
}

/** Whether the runs of the schedule will have the inputs that they need, as far as the file says. */
function checkGiven({ report, at }: MapReader, given: MapEntry | undefined, templates: TemplateReader, inputs: InputsSchema): void {
  const { schema } = inputs;
  const entries = given?.value.kind === 'map' ? given.value.entries : [];
  const properties = isJsonObject(schema['properties']) ? schema['properties'] : {};
  for (const name of requiredWithoutDefault(schema)) {
    if (entries.some(({ key }) => key === name)) continue;
    const problem = message("The workflow needs the input {name}, so this schedule starts nothing: give it under 'inputs' of the schedule, or a default.", { name: quoted(name) });
    // A file that was right before schedules had inputs can still be run by hand.
    if (given === undefined) report.warning('missing-key', at, problem);
    else report.error('missing-key', given.keyRange, problem);
  }
  for (const entry of entries) {
    const { key, keyRange, value } = entry;
    reportUnknownInput(report, entry, inputs);
    if (!inputs.names.has(key)) continue;
    const before = report.errorCount;
    const template = templates.template(value, schedulePlace);
    const property = properties[key];
    // What an expression gives is known when the time has come; of one with errors, those are what has to be said.
    if (report.errorCount > before || template.kind !== 'literal' || !isJsonObject(property)) continue;
    const check = compileSchema(property);
    if (typeof check === 'string' || check(template.value)) continue;
    const [problem] = schemaProblems(check.errors ?? [], quoted(key));
    report.error('bad-value', placeOf(value, keyRange), problem?.message ?? message('{name} is not what the input takes.', { name: quoted(key) }));
  }
}
