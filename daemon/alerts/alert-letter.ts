import type { AlertFacts } from '../../schemas/protocol/alert.ts';
import { noticeLine, noticeSubject } from '../../schemas/wording/alert-notice.ts';
import { english } from '../../schemas/wording/language.ts';
import { message } from '../../schemas/wording/message.ts';
import type { AlertFormat } from '../../schemas/workflow/alert-receiver.ts';
import type { Json, JsonObject } from '../../schemas/workflow/json.ts';
import type { NoticeContent } from '../core/alert-notice.ts';

/** Whose alerts are told. */
export interface AlertOrigin {
  /** The name of the project's folder. */
  readonly project: string;
  /** The name of the machine. */
  readonly host: string;
}

/** What is told, in words and in figures, before it has the form that its receiver takes. */
export interface AlertLetter {
  readonly subject: string;
  readonly lines: readonly string[];
  /** For programs. */
  readonly data: JsonObject;
}

/** Lines of a message in a chat: nobody reads more, and some refuse more. */
const maxChatLines = 20;

export function letterOf({ items, count }: NoticeContent<AlertFacts>, { project, host }: AlertOrigin, now: number): AlertLetter {
  const more = count > items.length ? [english.textOf(message('{count, plural, one {# more. See `sluice alerts`.} other {# more. See `sluice alerts`.}}', { count: count - items.length }))] : [];
  return {
    subject: english.textOf(noticeSubject(project, items, count)),
    lines: [...items.map((item) => english.textOf(noticeLine(item, now, english.timeOfDay))), ...more],
    data: { project, host, alerts: items.map(({ turn, severity, begunAt, facts }): Json => ({ ...facts, turn, severity, begunAt: new Date(begunAt).toISOString() })), count },
  };
}

/** What a person sends to see whether it arrives. */
export function testLetter({ project, host }: AlertOrigin): AlertLetter {
  return {
    subject: english.textOf(message('Test from {project}', { project })),
    lines: [english.textOf(message('This is a test: alerts of the project {project} on {host} are told here.', { project, host }))],
    data: { project, host, alerts: [], count: 0, test: true },
  };
}

/** The body of a webhook; `type`: for formats that say what kind of event it is. */
export function webhookBody(format: AlertFormat, letter: AlertLetter): { readonly body: Json; readonly type?: string } {
  switch (format) {
    case 'slack':
      return { body: { text: slackText(letter) } };
    case 'teams':
      return { body: { type: 'message', attachments: [{ contentType: 'application/vnd.microsoft.card.adaptive', content: adaptiveCard(letter) }] } };
    case 'json':
      return { body: { ...letter.data, subject: letter.subject, text: letter.lines.join('\n') }, type: 'sluice.alert' };
  }
}

export function mailText({ lines }: AlertLetter, { project, host }: AlertOrigin): string {
  return `${lines.join('\n')}\n\n-- \n${english.textOf(message('Sluice, project {project} on {host}. `sluice alerts` shows what is crossed, and `sluice alerts mute QUEUE` mutes a queue.', { project, host }))}\n`;
}

/** The characters that Slack reads as the begin of something else (https://docs.slack.dev/messaging/formatting-message-text). */
function slackText(letter: AlertLetter): string {
  const plain = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return [`*${plain(letter.subject)}*`, ...chatLines(letter).map((line) => `• ${plain(line)}`)].join('\n');
}

/** https://adaptivecards.io/explorer/ */
function adaptiveCard(letter: AlertLetter): JsonObject {
  const block = (text: string, more: JsonObject = {}): JsonObject => ({ type: 'TextBlock', text, wrap: true, ...more });
  return { $schema: 'http://adaptivecards.io/schemas/adaptive-card.json', type: 'AdaptiveCard', version: '1.4', body: [block(letter.subject, { weight: 'Bolder', size: 'Medium' }), ...chatLines(letter).map((line) => block(line))] };
}

function chatLines({ lines }: AlertLetter): readonly string[] {
  if (lines.length <= maxChatLines) return lines;
  return [...lines.slice(0, maxChatLines), english.textOf(message('{count, plural, one {# more. See `sluice alerts`.} other {# more. See `sluice alerts`.}}', { count: lines.length - maxChatLines }))];
}
