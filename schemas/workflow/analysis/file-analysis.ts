import type { Diagnostic, DiagnosticCode, SourceRange } from '../diagnostic.ts';
import type { Document } from '../document.ts';
import { LineMap } from '../line-map.ts';
import { english } from '../../wording/language.ts';
import { message } from '../../wording/message.ts';
import { capitalised, MapReader, type MapShape } from './map-reader.ts';
import { Report } from './report.ts';

/** An opened file: where findings go, and its root map where it has one. */
export interface OpenFile {
  readonly report: Report;
  readonly root: MapReader | undefined;
}

/**
 * What a broken file still says for certain. Behind a syntax error, steps and keys can be missing or at a wrong place, and
 * messages about those would only hide the one that matters.
 */
const certainBesideSyntaxErrors: ReadonlySet<DiagnosticCode> = new Set<DiagnosticCode>([
  'yaml-syntax', 'duplicate-key', 'too-large', 'too-deep', 'bad-value', 'unknown-key', 'bad-id', 'bad-duration', 'bad-rate', 'bad-priority',
  'bad-percentage', 'bad-cron', 'bad-timezone', 'bad-expression', 'unknown-action', 'secret-not-allowed', 'self-reference', 'not-supported',
]);

/** Whether a file could not be read to its end, so that what it declares isn't known. */
export function isBroken({ diagnostics }: Document): boolean {
  return diagnostics.some(({ code }) => code !== 'duplicate-key');
}

export interface OpenOptions {
  /** A file with nothing but comments is as good as none. */
  readonly mayBeEmpty?: boolean;
  /** See {@link Report.isKept}. */
  readonly isKept?: boolean;
}

export function openFile(document: Document, shape: MapShape, { mayBeEmpty = false, isKept = false }: OpenOptions = {}): OpenFile {
  const [syntaxError] = document.diagnostics.filter(({ code }) => code !== 'duplicate-key');
  const blockStart = syntaxError === undefined ? 0 : startOfBlock(document.text, syntaxError.range.start);
  const isWorthSaying = (code: DiagnosticCode, range: SourceRange): boolean => syntaxError === undefined || (range.end <= blockStart && certainBesideSyntaxErrors.has(code));
  const report = new Report(document.text, { diagnostics: document.diagnostics, isWorthSaying, isKept });
  const start = document.text.search(/\S/);
  const at = { start: Math.max(start, 0), end: Math.max(start, 0) + 1 };
  const { root } = document;
  const told = { keys: shape.keys.slice(-3).join(', ') };
  if (root === undefined || (root.kind === 'scalar' && root.value === null)) {
    if (document.diagnostics.length === 0 && !mayBeEmpty) report.error('empty-file', at, shape.what === 'the file' ? message('The file is empty; it has keys such as {keys}.', told) : message('The file is empty; {what} has keys such as {keys}.', { ...told, what: shape.what }));
    return { report, root: undefined };
  }
  if (root.kind !== 'map') {
    if (syntaxError === undefined) report.error('empty-file', root.range, message('{what} is a map with keys such as {keys}.', { ...told, what: capitalised(shape.what) }));
    return { report, root: undefined };
  }
  return { report, root: MapReader.open(report, root, root.entries[0]?.keyRange ?? at, shape) };
}

/** Where the step, the queue or the like begins that an offset lies in: what is wrong there may follow from a line that was misread. */
function startOfBlock(text: string, offset: number): number {
  const lines = text.slice(0, offset).split('\n');
  const indentation = (line: string): number | undefined => (/^\s*(?:[^\s#])/.test(line) ? line.search(/\S/) : undefined);
  const step = text.split('\n').reduce((least, line) => Math.min(least, indentation(line) || Infinity), Infinity);
  const last = lines.findLastIndex((line, index) => index < lines.length - 1 && (indentation(line) ?? Infinity) <= step);
  return last <= 0 ? 0 : lines.slice(0, last).join('\n').length + 1;
}

/** `file:line:column: severity: message`, as compilers write it and editors' problem matchers read it. */
export function formatDiagnostic(path: string, source: string | LineMap, { severity, message, range }: Diagnostic): string {
  const { line, column } = (typeof source === 'string' ? new LineMap(source) : source).positionAt(range.start);
  return `${path}:${line}:${column}: ${severity}: ${english.textOf(message).replace(/\s*[\r\n]+\s*/g, ' ')}`;
}
