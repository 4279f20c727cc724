import { formatDuration, rateMessage } from '../wording/amount.ts';
import { english, type Language } from '../wording/language.ts';
import { message, type Message, verbatim } from '../wording/message.ts';
import type { AnalysedFileOf } from '../workflow/analysis/analyse-files.ts';
import type { Root } from '../workflow/analysis/expression-scope.ts';
import { alternativesOf, describeType, type ExpressionField, type ExpressionType } from '../workflow/expression/type.ts';
import type { Connection, HttpConnection, SmtpConnection } from '../workflow/connections/connection.ts';
import { httpAuthKinds } from '../workflow/connections/http-auth.ts';
import { queueDefaults, type QueueDefinition } from '../workflow/model.ts';
import { type Rate, ratesOf } from '../workflow/rate.ts';
import { defaultRetryPolicy, retryDelaysMs, type RetryPolicy } from '../workflow/retry-policy.ts';
import { describeField } from './editor-schema.ts';
import type { LanguageProject } from './language-project.ts';
import type { LanguageSymbol } from './language-symbol.ts';

/** What a symbol is, as Markdown told in `language`; undefined if nothing is known but its name. */
export function describeSymbol(project: LanguageProject, symbol: LanguageSymbol, language = english): string | undefined {
  const { say } = language;
  switch (symbol.kind) {
    case 'input':
      return describeInput(project, symbol, language);
    case 'value':
      return describeValue(project, symbol, language);
    case 'step':
      return describeStep(project, symbol, language);
    case 'queue': {
      const definition = queueDefinition(project, symbol.name);
      return definition && lines(say('**queue** {name}', { name: code(symbol.name) }), list(describeQueue(definition), language), language.textOf(usedBySteps(symbol)));
    }
    case 'connection': {
      const connection = project.analysis.connections.get(symbol.name);
      return connection && lines(say('**connection** {name}', { name: code(symbol.name) }), list(describeConnection(connection, language), language), language.textOf(usedBySteps(symbol)));
    }
    case 'secret':
      return describeSecret(project, symbol, language);
    case 'environment':
      return lines(say('**environment** {name}', { name: code(symbol.name) }), symbol.declarations.length > 0 ? say('A variable of the environment of the daemon, which `.sluice/config.yaml` allows.') : undefined);
    case 'alias':
      return describeAlias(project, symbol, language);
    case 'workflow': {
      const file = workflowFile(project, symbol.declarations[0]?.path);
      const description = file?.analysis.workflow?.description;
      return lines(say('**workflow** {name}', { name: code(symbol.name) }), description);
    }
    case 'variable':
      return undefined;
  }
}

/** The declaration that counts: that of `queues.yaml`, else the first. */
function queueDefinition(project: LanguageProject, name: string): QueueDefinition | undefined {
  const shared = project.analysis.queues.get(name);
  if (shared !== undefined) return shared;
  for (const { analysed } of project.files.values()) {
    const declared = analysed.kind === 'workflow' ? analysed.analysis.queues.get(name) : analysed.kind === 'queues' ? analysed.analysis.declared.get(name) : undefined;
    if (declared !== undefined) return declared.definition;
  }
  return undefined;
}

function describeInput(project: LanguageProject, { name, scope }: LanguageSymbol, language: Language): string | undefined {
  const file = workflowFile(project, scope);
  const inputs = file?.analysis.types.scopeAt(anywhere)('inputs');
  const field = inputs === undefined ? undefined : memberOf(inputs, name);
  if (field === undefined) return undefined;
  const { say } = language;
  const { type, required } = field;
  const told = { name: code(name), type: describeType(type) };
  const head = required ? say('**input** {name}: {type} (must be given)', told) : 'default' in field ? say('**input** {name}: {type}', told) : say('**input** {name}: {type} (may be left out)', told);
  return lines(head, describeField(field, language));
}

function memberOf(type: ExpressionType, name: string): ExpressionField | undefined {
  return alternativesOf(type).flatMap((one) => (one.kind === 'map' ? (one.fields.get(name) ?? []) : []))[0];
}

function describeValue(project: LanguageProject, { name, scope }: LanguageSymbol, { say }: Language): string | undefined {
  const vars = workflowFile(project, scope)?.analysis.types.scopeAt(anywhere)('vars');
  const field = vars === undefined ? undefined : memberOf(vars, name);
  return field && lines(say('**value** {name}: {type}', { name: code(name), type: describeType(field.type) }), say('One of `vars`: computed once, when a run begins.'));
}

function describeStep(project: LanguageProject, { name, scope }: LanguageSymbol, language: Language): string | undefined {
  const file = workflowFile(project, scope);
  const analysed = file?.analysis.steps.get(name);
  if (file === undefined || analysed === undefined) return undefined;
  const { step, section } = analysed;
  const { types } = file.analysis;
  const output = describeType(types.outputOf(name));
  const isEach = step.foreach !== undefined;
  const action = code(step.uses);
  const facts = [
    step.uses === '' ? undefined : isEach ? message('does {action}, once for each item ({type})', { action, type: describeType(types.itemOf(name)) }) : message('does {action}', { action }),
    message('in the queue {queue}', { queue: code(step.queue) }),
    step.needs.length === 0 ? undefined : message('after {steps}', { steps: step.needs.map(code).join(', ') }),
    output === 'any' ? undefined : isEach ? message('gives {type} for each item', { type: output }) : message('gives {type}', { type: output }),
  ];
  const head = section === 'on-failure' ? message('**step** {name} of `on-failure`', { name: code(name) }) : message('**step** {name}', { name: code(name) });
  return lines(language.textOf(head), list(facts.filter((fact) => fact !== undefined), language));
}

function describeSecret(project: LanguageProject, { name }: LanguageSymbol, { say }: Language): string {
  const { secrets } = project;
  const state = secrets === undefined ? undefined : secrets.includes(name) ? say('It is set. Its value is filled in only when an attempt starts, and is never stored or shown.') : say('It is not set: {command}', { command: code(`sluice secrets set ${name}`) });
  return lines(say('**secret** {name}', { name: code(name) }), state);
}

function describeAlias(project: LanguageProject, { name, scope }: LanguageSymbol, { say }: Language): string {
  const [path, , step = ''] = scope.split('\n');
  const file = workflowFile(project, path);
  const told = { name: code(name) };
  const head = file === undefined ? say('**item** {name}', told) : say('**item** {name}: {type}', { ...told, type: describeType(file.analysis.types.jobItemOf(step)) });
  return lines(head, say('One item of `foreach` of the step {step}.', { step: code(step) }));
}

function describeConnection(connection: Connection, language: Language): readonly Message[] {
  switch (connection.type) {
    case 'smtp':
      return describeSmtp(connection);
    case 'http':
      return describeHttp(connection, language);
    case 'postgres':
      return [message('Postgres, by a URL'), ...described(connection.timeoutMs)];
    case 'sqlite':
      return [message('SQLite in {file}', { file: code(connection.file) }), ...described(connection.timeoutMs)];
  }
}

function described(timeoutMs: number | undefined): readonly Message[] {
  return timeoutMs === undefined ? [] : [message('an attempt takes at most {duration}', { duration: formatDuration(timeoutMs) })];
}

function describeHttp({ url, headers, timeoutMs, auth }: HttpConnection, language: Language): readonly Message[] {
  const names = Object.keys(headers);
  return [
    message('HTTP at {url}', { url }),
    ...(auth === undefined ? [message('without credentials')] : [message('{auth}: {summary}', { auth: code(auth.type), summary: language.dataText(httpAuthKinds[auth.type].summary) })]),
    ...(names.length === 0 ? [] : [message('with {headers}', { headers: names.map(code).join(', ') })]),
    ...described(timeoutMs),
  ];
}

function describeSmtp({ host, port, tls, user, from, pool }: SmtpConnection): readonly Message[] {
  const server = { server: `${host}:${port}` };
  return [
    tls === 'none' ? message('SMTP at {server}, without encryption', server) : tls === 'tls' ? message('SMTP at {server}, TLS from the start', server) : message('SMTP at {server}, STARTTLS', server),
    ...(user === undefined ? [] : [message('as {user}', { user })]),
    ...(from === undefined ? [] : [message('from {sender}', { sender: from })]),
    message('{count, plural, one {at most # connection} other {at most # connections}}', { count: pool }),
  ];
}

/** A place at which every name can be seen, for asking about names that are the same everywhere. */
const anywhere = { step: '', section: 'steps', item: undefined, whyNoItem: verbatim(''), secrets: false } as const;

function workflowFile(project: LanguageProject, path: string | undefined): AnalysedFileOf<'workflow'> | undefined {
  const analysed = path === undefined ? undefined : project.files.get(path)?.analysed;
  return analysed?.kind === 'workflow' ? analysed : undefined;
}

function usedBySteps({ references }: LanguageSymbol): Message {
  const files = new Set(references.map(({ path }) => path)).size;
  const count = references.length;
  if (count === 0) return message('Used by no step.');
  return files > 1 ? message('Used by {count} steps of {files} files.', { count, files }) : message('{count, plural, one {Used by # step.} other {Used by # steps.}}', { count });
}

function list(items: readonly Message[], { textOf }: Language): string {
  return items.map((item) => `- ${textOf(item)}`).join('\n');
}

function code(text: string): string {
  return `\`${text}\``;
}

function lines(...parts: readonly (string | undefined)[]): string {
  return parts.filter((part) => part !== undefined && part !== '').join('\n\n');
}

/** What a queue does to its jobs, line by line, with every default filled in. */
function describeQueue({ rate, concurrency, timeoutMs, retry, priority, maxDepth, keepDeadLettersMs }: QueueDefinition): readonly Message[] {
  return [
    ...(rate === undefined ? [message('starts attempts as fast as its concurrency allows')] : ratesOf(rate).map(describeRate)),
    orDefault(message('{count} at the same time', { count: concurrency ?? queueDefaults.concurrency }), concurrency),
    orDefault(message('an attempt may take {duration}', { duration: formatDuration(timeoutMs ?? queueDefaults.timeoutMs) }), timeoutMs),
    orDefault(describeRetry(retry ?? defaultRetryPolicy), retry),
    ...(priority === undefined ? [] : [message('priority {priority}', { priority })]),
    ...(maxDepth === undefined ? [] : [message('{count, plural, one {at most # job waits} other {at most # jobs wait}}', { count: maxDepth })]),
    keepDeadLettersMs === undefined ? message('dead letters are kept for ever') : message('dead letters are kept for {duration}', { duration: formatDuration(keepDeadLettersMs) }),
  ];
}

function orDefault(setting: Message, given: unknown): Message {
  return given === undefined ? message('{setting} (default)', { setting }) : setting;
}

/** `at most 1,000 attempts in any 1m, 50 of them back to back, the rest 60ms apart`. */
export function describeRate(rate: Rate): Message {
  const { limit, perMs, burst } = rate;
  const shown = { limit, burst, window: formatDuration(perMs), rate: rateMessage(rate) };
  if (burst >= limit) {
    return message('{limit, plural, one {at most # attempt in any {window} ({rate}), {burst} of them back to back} other {at most # attempts in any {window} ({rate}), {burst} of them back to back}}', shown);
  }
  return message('at most {limit} attempts in any {window} ({rate}), {burst} of them back to back, the rest {apart} apart', { ...shown, apart: formatDuration(perMs / limit) });
}

/** `repeated after 5s, 10s, 20s, ... at most 10m: 6 attempts in all, each delay up to 10 % longer or shorter`. */
export function describeRetry({ backoff, jitter }: RetryPolicy): Message {
  switch (backoff.kind) {
    case 'delays': {
      const { delaysMs } = backoff;
      if (delaysMs.length === 0) return message('never repeated');
      const shown = delaysMs.slice(0, 8).map(formatDuration).join(', ');
      return repeated(`${shown}${delaysMs.length > 8 ? ', ...' : ''}`, delaysMs.length + 1, jitter);
    }
    case 'exponential': {
      const { maxMs, attempts } = backoff;
      if (attempts < 2) return message('never repeated');
      const delays = retryDelaysMs(backoff, 5);
      const shown = delays.map(formatDuration).join(', ');
      return repeated(attempts - 1 > delays.length ? message('{delays}, ... at most {duration}', { delays: shown, duration: formatDuration(maxMs) }) : shown, attempts, jitter);
    }
  }
}

function repeated(delays: string | Message, attempts: number, jitter: number): Message {
  const told = { delays, attempts };
  return jitter === 0
    ? message('repeated after {delays}: {attempts} attempts in all', told)
    : message('repeated after {delays}: {attempts} attempts in all, each delay up to {percent} % longer or shorter', { ...told, percent: Math.round(jitter * 100) });
}

/** What the names are that expressions know everywhere, as Markdown: a `dataText` for each. */
/** Of `page`, within `paginate`. */
export const pageDescription = 'The page that was read: its status, headers, body, links and number.';

export const rootDescriptions: Readonly<Record<Root, string>> = {
  inputs: 'What the run was given.',
  trigger: 'What started the run.',
  vars: 'The named values of the workflow, computed once when a run begins.',
  steps: 'The other steps: their output, results and status. A step waits for those that it refers to.',
  run: 'The run itself: its id, its workflow, when it was made, and why it failed.',
  job: 'The job at hand: the index and the key of its item.',
  secrets: 'Secrets, each alone between its braces. Their values are filled in only when an attempt starts.',
  env: 'Variables of the environment that `.sluice/config.yaml` allows.',
};
