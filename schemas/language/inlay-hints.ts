import type { InlayHint } from 'vscode-languageserver-types';
import { nextTimes } from '../workflow/cron-times.ts';
import type { SourceRange } from '../workflow/diagnostic.ts';
import { entryOf, nodeAt, toJson, type DocumentNode, type MapEntry } from '../workflow/document.ts';
import { formatDuration } from '../wording/amount.ts';
import { english, type Language } from '../wording/language.ts';
import { parseRetryPolicy, retryTimes } from '../workflow/retry-policy.ts';
import type { LanguageFile } from './language-file.ts';
import type { LanguageProject } from './language-project.ts';

export interface InlayHintOptions {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** The reader's, as an IANA name. */
  readonly timeZone: string;
  /** The reader's, as a BCP 47 tag; English if it is left out. */
  readonly locale?: string | undefined;
  /** What a hint is explained in; English if it is left out. */
  readonly language?: Language | undefined;
}

/** Times in the hint itself, where VS Code cuts off what is longer than 43 characters, and when one points at it. */
const shownTimes = { inLine: 2, inTooltip: 5 };
const shownRetries = 6;

/** When a schedule starts its next runs, in the reader's own time, and when a retry list makes its attempts. */
export function inlayHints(project: LanguageProject, path: string, range: SourceRange, options: InlayHintOptions): InlayHint[] {
  const file = project.files.get(path);
  if (file === undefined) return [];
  const { root } = file.document;
  const hints: InlayHint[] = [];
  const isShown = ({ start, end }: SourceRange): boolean => range.start <= end && start <= range.end;
  const { language = english } = options;
  const retryBelow = (holder: DocumentNode): void => {
    const retry = entryOf(holder, 'retry');
    if (retry !== undefined && isShown(retry.value.range)) hints.push(...retryHint(file, retry, language));
  };
  if (file.kind === 'workflow') {
    const schedule = nodeAt(root, ['on', 'schedule']);
    for (const item of schedule?.kind === 'list' ? schedule.items : []) {
      if (isShown(item.range)) hints.push(...cronHint(file, item, options));
    }
    for (const section of ['steps', 'on-failure']) for (const value of valuesOf(root, section)) retryBelow(value);
  }
  for (const value of valuesOf(root, 'queues')) retryBelow(value);
  return hints;
}

function valuesOf(root: DocumentNode | undefined, key: string): readonly DocumentNode[] {
  const value = entryOf(root, key)?.value;
  return value?.kind === 'map' ? value.entries.map((entry) => entry.value) : [];
}

function cronHint(file: LanguageFile, item: DocumentNode, { now, timeZone, locale = 'en', language = english }: InlayHintOptions): readonly InlayHint[] {
  const cron = entryOf(item, 'cron')?.value;
  const zone = entryOf(item, 'timezone')?.value;
  if (cron?.kind !== 'scalar' || typeof cron.value !== 'string') return [];
  const ownZone = zone?.kind === 'scalar' && typeof zone.value === 'string' ? zone.value : 'UTC';
  const times = nextTimes(cron.value, { after: now, count: shownTimes.inTooltip, timeZone: ownZone });
  if (times.length === 0) return [];
  const shown = new Intl.DateTimeFormat(locale, { weekday: 'short', day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZone });
  const inOwnZone = new Intl.DateTimeFormat(locale, { weekday: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZone: ownZone });
  const lines = times.map((time) => `- ${shown.format(time)}${ownZone === timeZone ? '' : ` (${inOwnZone.format(time)} ${ownZone})`}`);
  const label = `→ ${times.slice(0, shownTimes.inLine).map((time) => shown.format(time)).join(' · ')}`;
  return [hintAfter(file, cron.range, label, `${language.say('In {timeZone}:', { timeZone })}\n\n${lines.join('\n')}`)];
}

/** `+1m +6m +36m +2h36m`: when each further attempt comes, counted from the end of the first. */
function retryHint(file: LanguageFile, { value }: MapEntry, { say }: Language): readonly InlayHint[] {
  const parsed = parseRetryPolicy(toJson(value));
  const times = parsed.ok ? retryTimes(parsed.policy) : [];
  // One delay is its own time line.
  if (times.length === 0 || (times.length === 1 && entryOf(value, 'delays') !== undefined)) return [];
  const at = times.map((ms) => `+${formatDuration(ms).replace(' ', '')}`);
  const label = at.length <= shownRetries ? at : [...at.slice(0, shownRetries - 2), '...', ...at.slice(-1)];
  const place = entryOf(value, 'delays')?.value ?? value;
  return [hintAfter(file, place.range, label.join(' '), say('{attempts} attempts at most. Counted from the end of the first, without jitter; a longer `Retry-After` wins.', { attempts: times.length + 1 }))];
}

function hintAfter(file: LanguageFile, range: SourceRange, label: string, tooltip: string): InlayHint {
  const end = range.start + file.text.slice(range.start, range.end).trimEnd().length;
  return { position: file.positionAt(end), label, paddingLeft: true, tooltip: { kind: 'markdown', value: tooltip } };
}
