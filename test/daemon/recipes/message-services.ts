import { bodyOf, callOf, hasToken, json, type Service } from './service.ts';

/** A channel that the app is a member of. */
export const slackChannel = 'C0123456789';

/** https://docs.slack.dev/reference/methods/chat.postMessage: 200 whatever comes of it, but for 429. */
export class Slack implements Service {
  readonly origin = 'https://slack.com';
  readonly secrets = { SLACK_TOKEN: 'xoxb-1234' };
  readonly throttled = json(429, { ok: false, error: 'ratelimited' }, { 'retry-after': '1' });
  /** Those that the app is a member of. */
  readonly channels = new Set([slackChannel]);

  answer(request: Parameters<Service['answer']>[0]): ReturnType<Service['answer']> {
    if (callOf(request) !== 'POST /api/chat.postMessage') return json(200, { ok: false, error: 'unknown_method' });
    if (!hasToken(request, 'xoxb-1234')) return json(200, { ok: false, error: 'invalid_auth' });
    const { channel, text } = bodyOf(request);
    if (typeof channel !== 'string' || !this.channels.has(channel)) return json(200, { ok: false, error: 'channel_not_found' });
    if (typeof text !== 'string' || text === '') return json(200, { ok: false, error: 'no_text' });
    return json(200, { ok: true, channel, ts: '1503435956.000247', message: { type: 'message', text }, warning: 'missing_charset' });
  }
}

/** https://core.telegram.org/bots/api#making-requests: the token is in the path, and 429 tells its wait in the body only. */
export const telegram: Service = {
  origin: 'https://api.telegram.org',
  secrets: { TELEGRAM_TOKEN: '123456:ABC-DEF1234ghIkl' },
  throttled: json(429, { ok: false, error_code: 429, description: 'Too Many Requests: retry after 1', parameters: { retry_after: 1 } }),
  answer: (request) => {
    const refused = (status: number, description: string): ReturnType<Service['answer']> => json(status, { ok: false, error_code: status, description });
    if (callOf(request) !== 'POST /bot123456:ABC-DEF1234ghIkl/sendMessage') return refused(401, 'Unauthorized');
    const { chat_id: chat, text } = bodyOf(request);
    if (chat !== '-1001234567890') return refused(400, 'Bad Request: chat not found');
    if (typeof text !== 'string' || text === '') return refused(400, 'Bad Request: message text is empty');
    return json(200, { ok: true, result: { message_id: 42, date: 1_772_000_000, chat: { id: '-1001234567890', type: 'supergroup' }, text } });
  },
};

/** https://www.twilio.com/docs/messaging/api/message-resource#create-a-message-resource: a form in, 201 and JSON out. */
export const twilio: Service = {
  origin: 'https://api.twilio.com',
  secrets: { TWILIO_KEY: 'SK1234567890', TWILIO_SECRET: 'twilio-secret' },
  throttled: json(429, { code: 20429, message: 'Too Many Requests', more_info: 'https://www.twilio.com/docs/errors/20429', status: 429 }),
  answer: (request) => {
    if (callOf(request) !== 'POST /2010-04-01/Accounts/AC00000000000000000000000000000000/Messages.json') return json(404, { code: 20404, message: 'The requested resource was not found', status: 404 });
    const given = Buffer.from(/^Basic (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '', 'base64').toString();
    if (given !== 'SK1234567890:twilio-secret') return json(401, { code: 20003, message: 'Authenticate', more_info: 'https://www.twilio.com/docs/errors/20003', status: 401 });
    const form = new URLSearchParams(request.headers['content-type'] === 'application/x-www-form-urlencoded' ? request.body : '');
    const to = form.get('To') ?? '';
    if (!/^\+[1-9]\d+$/.test(to) || to === '+15005550001') return json(400, { code: 21211, message: `The 'To' number ${to} is not a valid phone number.`, more_info: 'https://www.twilio.com/docs/errors/21211', status: 400 });
    if (form.get('Body') === null || form.get('From') === null) return json(400, { code: 21602, message: 'Message body is required.', status: 400 });
    return json(201, { sid: 'SM87105da94bff44b999e4e6eb90d8eb6a', status: 'queued', to, from: form.get('From'), body: form.get('Body'), error_code: null });
  },
};
