import type { Command, Option } from 'commander';
import type { TSchema } from 'typebox';
import { BulkView, ReplayTally } from '../../schemas/protocol/bulk.ts';
import { DaemonStatus, DaemonView } from '../../schemas/protocol/daemon-status.ts';
import { AttemptView, DeadGroup, Draft, JobDetail, JobSummary, RevisionView } from '../../schemas/protocol/job.ts';
import { DiagnosticView } from '../../schemas/protocol/workflow.ts';
import { Forecast, QueueAlert, QueueOverrides, QueueView, RateShape, SeriesPoint } from '../../schemas/protocol/queue.ts';
import { RunDetail, RunSummary, StepView } from '../../schemas/protocol/run.ts';
import { JobCounts, JobError } from '../../schemas/protocol/shape.ts';
import { ConnectionTest, ConnectionView } from '../../schemas/protocol/connection.ts';
import { SecretView } from '../../schemas/protocol/secret.ts';
import { isJsonObject } from '../../schemas/workflow/json.ts';

/** The generated parts of docs/command-line.md: the commands as commander has them, the shapes as the protocol has them. */
export function renderCommandReference(program: Command): string {
  const sections = leafCommands(program).map((command) => commandSection(command, pathOf(command)));
  return ['### Options of every command', '', optionTable(visibleOptions(program)), '', ...sections].join('\n');
}

export function renderShapeReference(): string {
  return shapes.map(([name, schema]) => `### ${name}\n\n${fieldTable(schema)}`).join('\n\n');
}

/** Replaces what stands between `<!-- generated: NAME -->` and `<!-- end -->`. */
export function replaceGenerated(text: string, name: string, content: string): string {
  const begin = `<!-- generated: ${name} -->\n`;
  const start = text.indexOf(begin);
  const end = text.indexOf('<!-- end -->', start);
  if (start < 0 || end < 0) throw new Error(`The page has no place for ${name}.`);
  return `${text.slice(0, start + begin.length)}\n${content.trim()}\n\n${text.slice(end)}`;
}

const shapes: readonly (readonly [name: string, schema: TSchema])[] = [
  ['DaemonStatus', DaemonStatus],
  ['Queue', QueueView],
  ['Forecast', Forecast],
  ['Alert', QueueAlert],
  ['QueueOverrides', QueueOverrides],
  ['Rate', RateShape],
  ['RunSummary', RunSummary],
  ['RunDetail', RunDetail],
  ['Step', StepView],
  ['JobSummary', JobSummary],
  ['Draft', Draft],
  ['JobDetail', JobDetail],
  ['Attempt', AttemptView],
  ['Revision', RevisionView],
  ['JobCounts', JobCounts],
  ['JobError', JobError],
  ['SeriesPoint', SeriesPoint],
  ['DeadGroup', DeadGroup],
  ['Daemon', DaemonView],
  ['ReplayTally', ReplayTally],
  ['Bulk', BulkView],
  ['Connection', ConnectionView],
  ['ConnectionTest', ConnectionTest],
  ['Secret', SecretView],
  ['Diagnostic', DiagnosticView],
];

function leafCommands(program: Command): readonly Command[] {
  return program.commands.flatMap((command) => (command.commands.length > 0 ? leafCommands(command) : [command]));
}

function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}

function commandSection(command: Command, path: string): string {
  const usage = [path, ...command.registeredArguments.map((one) => bracket(`${one.name()}${one.variadic ? '...' : ''}`, one.required))].join(' ');
  const parts = [`### \`${usage}\``, `${capitalised(command.description())}.`];
  if (command.registeredArguments.length > 0) parts.push(command.registeredArguments.map((one) => `- \`${one.name()}\`: ${one.description}`).join('\n'));
  const options = visibleOptions(command);
  if (options.length > 0) parts.push(optionTable(options));
  return `${parts.join('\n\n')}\n`;
}

function bracket(name: string, required: boolean): string {
  return required ? `<${name}>` : `[${name}]`;
}

function visibleOptions(command: Command): readonly Option[] {
  return command.options.filter(({ hidden }) => !hidden);
}

function optionTable(options: readonly Option[]): string {
  const rows = options.map(({ flags, description, argChoices, defaultValue }) => {
    const choices = argChoices === undefined ? '' : `: ${argChoices.map((choice) => `\`${choice}\``).join(', ')}`;
    const standard = defaultValue === undefined ? '' : ` (default ${String(defaultValue)})`;
    return `| \`${flags}\` | ${cell(description)}${choices}${standard} |`;
  });
  return ['| option | does |', '| --- | --- |', ...rows].join('\n');
}

function fieldTable(schema: TSchema): string {
  const object: unknown = schema;
  const properties = isJsonObject(object) && isJsonObject(object.properties) ? object.properties : {};
  const required = isJsonObject(object) && Array.isArray(object.required) ? object.required : [];
  const rows = Object.entries(properties).map(([name, field]) => {
    const description = isJsonObject(field) && typeof field.description === 'string' ? field.description : '';
    return `| \`${name}\`${required.includes(name) ? '' : '?'} | ${cell(typeText(field))} | ${cell(description)} |`;
  });
  return ['| field | type | meaning |', '| --- | --- | --- |', ...rows].join('\n');
}

/** A schema as TypeScript people write it; one that has a table of its own goes by its name. */
function typeText(schema: unknown): string {
  const known = shapes.find(([, one]) => (one as unknown) === schema || JSON.stringify(one) === JSON.stringify(schema));
  if (known !== undefined) return known[0];
  if (!isJsonObject(schema)) return 'any';
  if (Array.isArray(schema.enum)) return schema.enum.map((one) => JSON.stringify(one)).join(' | ');
  if (Array.isArray(schema.anyOf)) return schema.anyOf.map(typeText).join(' | ');
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.type === 'array') return `${typeText(schema.items)}[]`;
  if (schema.type === 'object' && isJsonObject(schema.properties)) {
    const optional = Array.isArray(schema.required) ? schema.required : [];
    return `{ ${Object.entries(schema.properties)
      .map(([name, field]) => `${name}${optional.includes(name) ? '' : '?'}: ${typeText(field)}`)
      .join('; ')} }`;
  }
  return typeof schema.type === 'string' ? schema.type : 'any';
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
