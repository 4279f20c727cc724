import type { AnalysedFileOf } from '../workflow/analysis/analyse-files.ts';
import { alternativesOf, describeType } from '../workflow/expression-type.ts';
import type { QueueDefinition, SmtpConnection } from '../workflow/model.ts';
import { describeField } from './field-description.ts';
import type { LanguageProject } from './language-project.ts';
import type { LanguageSymbol } from './language-symbol.ts';
import { queueWords } from './queue-words.ts';
import { english } from '../wording/language.ts';
import { verbatim } from '../wording/message.ts';

/** What a symbol is, as Markdown; undefined where nothing is known but its name. */
export function describeSymbol(project: LanguageProject, symbol: LanguageSymbol): string | undefined {
  switch (symbol.kind) {
    case 'input':
      return describeInput(project, symbol);
    case 'step':
      return describeStep(project, symbol);
    case 'queue': {
      const definition = queueDefinition(project, symbol.name);
      return definition && lines(`**queue** \`${symbol.name}\``, list(queueWords(definition)), usedBySteps(symbol));
    }
    case 'connection': {
      const connection = project.analysis.connections.get(symbol.name);
      return connection && lines(`**connection** \`${symbol.name}\``, list(connectionWords(connection)), usedBySteps(symbol));
    }
    case 'secret':
      return describeSecret(project, symbol);
    case 'environment':
      return lines(`**environment** \`${symbol.name}\``, symbol.declarations.length > 0 ? 'A variable of the environment of the daemon, which `.sluice/config.yaml` allows.' : undefined);
    case 'alias':
      return describeAlias(project, symbol);
    case 'workflow': {
      const file = workflowFile(project, symbol.declarations[0]?.path);
      const description = file?.analysis.workflow?.description;
      return lines(`**workflow** \`${symbol.name}\``, description);
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

function describeInput(project: LanguageProject, { name, scope }: LanguageSymbol): string | undefined {
  const file = workflowFile(project, scope);
  const inputs = file?.analysis.types.scopeAt(anywhere)('inputs');
  const field = inputs === undefined ? undefined : alternativesOf(inputs).flatMap((one) => (one.kind === 'map' ? (one.fields.get(name) ?? []) : []))[0];
  if (field === undefined) return undefined;
  const { type, required } = field;
  const given = required ? 'must be given' : 'default' in field ? undefined : 'may be left out';
  return lines(`**input** \`${name}\`: ${describeType(type)}${given === undefined ? '' : ` (${given})`}`, describeField(field));
}

function describeStep(project: LanguageProject, { name, scope }: LanguageSymbol): string | undefined {
  const file = workflowFile(project, scope);
  const analysed = file?.analysis.steps.get(name);
  if (file === undefined || analysed === undefined) return undefined;
  const { step, section } = analysed;
  const { types } = file.analysis;
  const output = describeType(types.outputOf(name));
  const facts = [
    step.uses === '' ? undefined : `does \`${step.uses}\`${step.foreach === undefined ? '' : `, once for each item (${describeType(types.itemOf(name))})`}`,
    `in the queue \`${step.queue}\``,
    step.needs.length === 0 ? undefined : `after ${step.needs.map((id) => `\`${id}\``).join(', ')}`,
    output === 'any' ? undefined : `gives ${output}${step.foreach === undefined ? '' : ' for each item'}`,
  ];
  return lines(`**step** \`${name}\`${section === 'on-failure' ? ' of `on-failure`' : ''}`, list(facts.filter((fact) => fact !== undefined)));
}

function describeSecret(project: LanguageProject, { name }: LanguageSymbol): string {
  const { secrets } = project;
  const state = secrets === undefined ? undefined : secrets.includes(name) ? 'It is set. Its value is filled in only when an attempt starts, and is never stored or shown.' : `It is not set: \`sluice secrets set ${name}\``;
  return lines(`**secret** \`${name}\``, state);
}

function describeAlias(project: LanguageProject, { name, scope }: LanguageSymbol): string {
  const [path, , step = ''] = scope.split('\n');
  const file = workflowFile(project, path);
  return lines(`**item** \`${name}\`${file === undefined ? '' : `: ${describeType(file.analysis.types.itemOf(step))}`}`, `One item of \`foreach\` of the step \`${step}\`.`);
}

function connectionWords({ host, port, tls, user, from, pool }: SmtpConnection): readonly string[] {
  return [`SMTP at ${host}:${port}, ${tls === 'none' ? 'without encryption' : tls === 'tls' ? 'TLS from the start' : 'STARTTLS'}`, ...(user === undefined ? [] : [`as ${user}`]), ...(from === undefined ? [] : [`from ${from}`]), `at most ${pool} connections`];
}

/** A place at which every name can be seen, for asking about names that are the same everywhere. */
const anywhere = { step: '', section: 'steps', item: undefined, whyNoItem: verbatim(''), secrets: false } as const;

function workflowFile(project: LanguageProject, path: string | undefined): AnalysedFileOf<'workflow'> | undefined {
  const analysed = path === undefined ? undefined : project.files.get(path)?.analysed;
  return analysed?.kind === 'workflow' ? analysed : undefined;
}

function usedBySteps({ references }: LanguageSymbol): string {
  const files = new Set(references.map(({ path }) => path)).size;
  const count = references.length;
  if (count === 0) return 'Used by no step.';
  return files > 1 ? english.say('Used by {count} steps of {files} files.', { count, files }) : english.say('{count, plural, one {Used by # step.} other {Used by # steps.}}', { count });
}

function list(items: readonly string[]): string {
  return items.map((item) => `- ${item}`).join('\n');
}

function lines(...parts: readonly (string | undefined)[]): string {
  return parts.filter((part) => part !== undefined && part !== '').join('\n\n');
}
