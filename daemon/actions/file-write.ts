import { join } from 'node:path';
import { message, type Message } from '../../schemas/wording/message.ts';
import { delimiterOf } from '../../schemas/workflow/csv-format.ts';
import { fileFormatOf, fileWrite, fileWriteProblem, type FileFormat, type FileWriteInput } from '../../schemas/workflow/actions/file-write.ts';
import type { Json, JsonObject } from '../../schemas/workflow/json.ts';
import { abortedAttempt, type Action, type ActionContext, type ActionFailure, type ActionResult, inputValidator, invalidInput } from './action.ts';
import { AppendJournal } from './files/append-journal.ts';
import { CsvBeginning, csvLines } from './files/csv-text.ts';
import { FileAppender, type FileEnd } from './files/file-appender.ts';
import { outputPlace, type OutputPlace } from './files/output-place.ts';
import { ReplacementFile } from './files/replacement-file.ts';
import { writeFailure } from './files/write-problem.ts';

/** How much of a text an attempt's record keeps, in characters. */
const maxExcerpt = 4096;
const nothing: FileEnd = { isEmpty: true, endsLine: true, beginning: new CsvBeginning('', true) };

const validate = inputValidator<FileWriteInput>(fileWrite);

/** `file/write`. */
export class FileWriteAction implements Action {
  readonly definition = fileWrite;
  /** By the project's folder. */
  readonly #appenders = new Map<string, FileAppender>();

  async execute(input: JsonObject, context: ActionContext): Promise<ActionResult> {
    const valid = validate(input);
    if (!valid.ok) return valid.failure;
    const { path, mode, ...content } = valid.input;
    const format = content.format ?? fileFormatOf(path);
    const problem = fileWriteProblem(Object.keys(input), format, mode);
    if (problem !== undefined) return refused(problem.message);
    const rows = content.rows ?? (content.row === undefined ? undefined : [content.row]);
    const textAt = (end: FileEnd): string | Message => textOf(format, { ...content, rows: rows ?? [] }, end);
    try {
      const place = await outputPlace(context.projectFolder, path, context.machine);
      if (!place.ok) return invalidInput('file not written', message('{place}: {problem}', { place: '`path`', problem: place.problem }));
      const isReplaced = mode === 'replace' || format === 'json';
      const written = isReplaced ? await this.#replace(place, textAt, context) : await this.#append(place, textAt, context);
      if ('ok' in written) return written;
      const { bytes, isRepeat, text, onSettled } = written;
      const request = { path: place.path, format, mode: isReplaced ? 'replace' : 'append', ...(text === undefined ? {} : { text: text.length > maxExcerpt ? `${text.slice(0, maxExcerpt)}…` : text }) };
      return { ok: true, output: { path: place.path, bytes, rows: rows?.length ?? 1, repeated: isRepeat }, request, ...(onSettled === undefined ? {} : { onSettled }) };
    } catch (error) {
      return writeFailure(path, error, context.machine);
    }
  }

  async #append(place: OutputPlace, textAt: (end: FileEnd) => string | Message, context: ActionContext): Promise<Written | ActionFailure> {
    const appender = this.#appender(context.projectFolder);
    const key = context.idempotencyKey;
    let text: string | undefined;
    const appended = await appender.append(place, {
      key,
      time: context.now,
      signal: context.signal,
      textAt: (end) => {
        const made = textAt(end);
        if (typeof made === 'string') text = made;
        return made;
      },
    });
    if (appended.kind === 'aborted') return abortedAttempt(context.signal);
    if (appended.kind === 'refused') return refused(appended.problem);
    return { ...appended, text, onSettled: () => appender.settle(place, key) };
  }

  #replace(place: OutputPlace, textAt: (end: FileEnd) => string | Message, { projectFolder, idempotencyKey, signal }: ActionContext): Promise<Written | ActionFailure> {
    return this.#appender(projectFolder).alone(place, async () => {
      if (signal.aborted) return abortedAttempt(signal);
      const text = textAt(nothing);
      if (typeof text !== 'string') return refused(text);
      const file = await ReplacementFile.open(place, idempotencyKey);
      try {
        await file.write(Buffer.from(text));
        await file.commit();
      } finally {
        await file.abandon();
      }
      return { bytes: file.bytes, isRepeat: false, text, onSettled: undefined };
    });
  }

  #appender(projectFolder: string): FileAppender {
    let appender = this.#appenders.get(projectFolder);
    if (appender === undefined) {
      appender = new FileAppender(new AppendJournal(join(projectFolder, '.sluice', 'state', 'appended.jsonl')));
      this.#appenders.set(projectFolder, appender);
    }
    return appender;
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#appenders.values()].map((appender) => appender.stop()));
  }
}

interface Written {
  readonly bytes: number;
  readonly isRepeat: boolean;
  /** Undefined where nothing was written. */
  readonly text: string | undefined;
  readonly onSettled: (() => void) | undefined;
}

function refused(problem: Message): ActionFailure {
  return invalidInput('file not written', message('{action}: {problem}', { action: 'file/write', problem }));
}

/** What goes to that end of a file. Lines never go on where another one has no end. */
function textOf(format: FileFormat, { rows, json, text, csv }: Pick<FileWriteInput, 'json' | 'text' | 'csv'> & { readonly rows: readonly Json[] }, end: FileEnd): string | Message {
  switch (format) {
    case 'text':
      return text ?? '';
    case 'json':
      return `${JSON.stringify(json, undefined, 2)}\n`;
    case 'jsonl':
      return `${end.endsLine || rows.length === 0 ? '' : '\n'}${rows.map((row) => `${JSON.stringify(row)}\n`).join('')}`;
    case 'csv': {
      const delimiter = delimiterOf(csv?.delimiter ?? ',') ?? ',';
      const there = end.beginning.heading(delimiter);
      if (there !== undefined && !('heading' in there)) return there;
      const lineEnd = there?.lineEnd ?? (csv?.['line-ends'] === 'crlf' ? '\r\n' : '\n');
      const lines = csvLines(rows, there?.heading, { delimiter, lineEnd, columns: csv?.columns, escapesFormulas: csv?.formulas === 'escape' });
      if (!('text' in lines)) return lines;
      const mark = end.isEmpty && csv?.['byte-order-mark'] === true ? '\ufeff' : '';
      return `${mark}${end.endsLine || lines.text === '' ? '' : lineEnd}${lines.text}`;
    }
  }
}
