import type { TSchema } from 'typebox';
import { BulkView, ReplayTally } from '../../schemas/protocol/bulk.ts';
import { DaemonStatus } from '../../schemas/protocol/daemon-status.ts';
import { ConnectionView } from '../../schemas/protocol/connection.ts';
import { errorCodes } from '../../schemas/protocol/error.ts';
import { DeadGroup, JobDetail, JobSummary } from '../../schemas/protocol/job.ts';
import { methods } from '../../schemas/protocol/method.ts';
import { DiagnosticView } from '../../schemas/protocol/workflow.ts';
import { QueueView, SeriesPoint } from '../../schemas/protocol/queue.ts';
import { RunDetail, RunSummary } from '../../schemas/protocol/run.ts';
import { SubscribeParams, SubscribeResult, TopicState } from '../../schemas/protocol/subscription.ts';
import { SecretView } from '../../schemas/protocol/secret.ts';
import { isJsonObject } from '../../schemas/workflow/json.ts';
import { defaultLimits, type ServerLimits } from './limits.ts';

/** The generated parts of docs/protocol.md. */
export function renderErrorReference(): string {
  const rows = Object.entries(errorCodes).map(([code, { number, meaning }]) => `| \`${code}\` | ${number} | ${cell(meaning)} |`);
  return ['| `data.code` | `code` | meaning |', '| --- | --- | --- |', ...rows].join('\n');
}

export function renderMethodReference(): string {
  return Object.entries(methods)
    .map(([name, { params, result }]) => [`### \`${name}\``, paramsTable(params), `Result: ${typeText(result)}${note(result)}`].join('\n\n'))
    .join('\n\n');
}

export function renderLimitReference(): string {
  const rows = Object.entries(limitMeanings).map(([name, meaning]) => {
    const value = defaultLimits[name as keyof ServerLimits];
    return `| ${cell(meaning)} | ${quantity(name, value)} |`;
  });
  return ['| what | at most |', '| --- | --- |', ...rows].join('\n');
}

const limitMeanings: Readonly<Partial<Record<keyof ServerLimits, string>>> = {
  messageBytes: 'a message to the daemon; a larger one ends the connection (1009)',
  fragments: 'frames of a message; more end the connection (1008)',
  nesting: 'levels of arrays and objects in a message; more are refused (`invalid-request`)',
  requestsInFlight: 'requests of a connection that are not answered yet; more are refused (`too-many`)',
  subscriptions: 'subscriptions of a connection; more are refused (`too-many`)',
  slowBytes: 'waiting for a client to read, before it gets no notifications and its requests are left unread',
  bufferedBytes: 'waiting for a client to read, before it is dropped',
  pingEveryMs: 'for the pong that answers a ping, before the client is dropped',
  changeEveryMs: 'between a change and its notification, where the daemon keeps up',
  clients: 'WebSocket connections; more are refused (503)',
  connections: 'TCP connections; more are closed',
  headersMs: 'for the headers of a request (408)',
  requestMs: 'for a request as a whole (408)',
};

const shapes = new Map<TSchema, string>([
  [DaemonStatus, 'DaemonStatus'],
  [QueueView, 'Queue'],
  [RunSummary, 'RunSummary'],
  [RunDetail, 'RunDetail'],
  [JobSummary, 'JobSummary'],
  [JobDetail, 'JobDetail'],
  [SeriesPoint, 'SeriesPoint'],
  [DeadGroup, 'DeadGroup'],
  [ConnectionView, 'Connection'],
  [SecretView, 'Secret'],
  [BulkView, 'Bulk'],
  [ReplayTally, 'ReplayTally'],
  [DiagnosticView, 'Diagnostic'],
]);

function paramsTable(schema: TSchema): string {
  if (schema === SubscribeParams) return 'Params: a topic, see [Subscriptions](#subscriptions).';
  const object: unknown = schema;
  const properties = isJsonObject(object) && isJsonObject(object.properties) ? object.properties : {};
  const required = isJsonObject(object) && Array.isArray(object.required) ? object.required : [];
  const rows = Object.entries(properties).map(([name, field]) => {
    return `| \`${name}\`${required.includes(name) ? '' : '?'} | ${cell(typeText(field))} | ${cell([description(field), ...bounds(field)].filter((part) => part !== '').join(' '))} |`;
  });
  return rows.length === 0 ? 'Params: none.' : ['| param | type | meaning |', '| --- | --- | --- |', ...rows].join('\n');
}

/** A schema as TypeScript people write it; a shape of its own by its name, linked. */
function typeText(schema: unknown): string {
  const shape = shapeOf(schema);
  if (shape !== undefined) return `[${shape}](command-line.md#${shape.toLowerCase()})`;
  if (schema === TopicState || schema === SubscribeResult) return schema === TopicState ? '[topic state](#subscriptions)' : '{ id: integer; snapshot: [topic state](#subscriptions) }';
  if (!isJsonObject(schema)) return 'any';
  if (Array.isArray(schema.enum)) return schema.enum.map((one) => JSON.stringify(one)).join(' | ');
  if (Array.isArray(schema.anyOf)) return schema.anyOf.map(typeText).join(' | ');
  if (Array.isArray(schema.allOf)) return schema.allOf.map(typeText).join(' & ');
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.type === 'array') return `${typeText(schema.items)}[]`;
  if (schema.type === 'object' && isJsonObject(schema.properties)) {
    const required = Array.isArray(schema.required) ? schema.required : [];
    const fields = Object.entries(schema.properties).map(([name, field]) => `${name}${required.includes(name) ? '' : '?'}: ${typeText(field)}`);
    return fields.length === 0 ? '{ }' : `{ ${fields.join('; ')} }`;
  }
  return typeof schema.type === 'string' ? schema.type : 'any';
}

/** A shape that is described again where it is answered is the same shape. */
function shapeOf(schema: unknown): string | undefined {
  const propertiesOf = (one: unknown): string | undefined => (isJsonObject(one) && isJsonObject(one.properties) ? JSON.stringify(one.properties) : undefined);
  const properties = propertiesOf(schema);
  return shapes.get(schema as TSchema) ?? (properties === undefined ? undefined : [...shapes].find(([one]) => propertiesOf(one) === properties)?.[1]);
}

function note(schema: unknown): string {
  const own = shapes.has(schema as TSchema) ? '' : description(schema);
  return own === '' ? '.' : `. ${own}`;
}

function description(schema: unknown): string {
  return isJsonObject(schema) && typeof schema.description === 'string' ? schema.description : '';
}

const boundWords: Readonly<Record<string, string>> = {
  minimum: 'at least',
  maximum: 'at most',
  minItems: 'items at least',
  maxItems: 'items at most',
  maxLength: 'characters at most',
};

function bounds(schema: unknown): string[] {
  if (!isJsonObject(schema)) return [];
  const found = Object.entries(boundWords).flatMap(([keyword, words]) => {
    const value = schema[keyword];
    if (typeof value !== 'number') return [];
    return keyword === 'minimum' || keyword === 'maximum' ? `${words} ${grouped(value)}` : `${grouped(value)} ${words}`;
  });
  return found.length === 0 ? [] : [`(${found.join(', ')})`];
}

function quantity(name: string, value: number): string {
  if (name.endsWith('Bytes')) return `${value / 1024 / 1024} MiB`;
  return name.endsWith('Ms') ? (value < 1_000 ? `${value} ms` : `${value / 1_000} s`) : grouped(value);
}

function grouped(value: number): string {
  return value.toLocaleString('en-GB');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
