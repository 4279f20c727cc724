import { english } from '../../schemas/wording/language.ts';
import { CodedError } from '../../schemas/protocol/error.ts';
import type { Json } from '../../schemas/workflow/json.ts';
import type { SignalLinkView } from '../ledger/signal-link.ts';
import { isToken } from '../secrets/signal-link.ts';
import type { RefusalLog } from '../server/http-answer.ts';
import { answerOf, type GivenFields } from './signal-form.ts';
import { answeredPage, askPage, crossSitePage, expiredPage, laterPage, methodPage, overPage, thanksPage, tooLargePage, unknownPage, unreadablePage } from './signal-page.ts';
import { parseWebhookBody } from './webhook-body.ts';
import type { Admission, WebhookAnswer, WebhookDoor, WebhookHead } from './webhook-listener.ts';

/** Below it are the links. */
export const signalPrefix = '/signals/';

/** Of an answer, in bytes. */
const maxAnswerBytes = 64 * 1024;

/** What stands behind the links. */
export interface SignalLinks {
  /** Undefined if there is no such link. */
  look(token: string): Promise<SignalLinkView | undefined>;
  /** Takes the answer, if none has come and the link holds. @throws CodedError if not, or where the answer doesn't fit */
  answer(token: string, link: SignalLinkView, payload: Json): Promise<void>;
}

export interface SignalDoorOptions {
  readonly links: SignalLinks;
  /** See `DeliveryIntakeOptions`. */
  readonly publicUrl: () => string;
  readonly refusals: RefusalLog;
}

/**
 * Where links lead that answer signals. GET shows what is asked and changes nothing, since mail programs and scanners open whatever they find; POST answers,
 * by the form of the page or by JSON for programs. Whoever has the link may answer, so it is treated as a secret: nothing here logs or repeats it.
 *
 * Architecture invariant: nothing but POST answers.
 */
export class SignalDoor implements WebhookDoor {
  readonly prefix = signalPrefix;
  readonly #options: SignalDoorOptions;

  constructor(options: SignalDoorOptions) {
    this.#options = options;
  }

  admit(head: WebhookHead): Admission {
    const { method, path: token, headers } = head;
    if (method !== 'GET' && method !== 'HEAD' && method !== 'POST') return this.#refuse(methodPage(), 'another method than a link takes');
    if (!isToken(token)) return this.#refuse(unknownPage(), 'no link that answers anything');
    if (method !== 'POST') return { kind: 'read', finish: () => this.#guarded(() => this.#show(token)), troubled: () => undefined };
    if (isCrossSite(head, this.#options.publicUrl())) return this.#refuse(crossSitePage(), 'an answer that another site has sent');
    if (Number(headers['content-length'] ?? 0) > maxAnswerBytes) return { kind: 'answer', answer: tooLargePage(maxAnswerBytes) };
    return { kind: 'read', finish: (body) => this.#guarded(() => (isJson(head) ? this.#takeJson(token, head, body) : this.#takeForm(token, head, body))), troubled: () => undefined };
  }

  async #show(token: string): Promise<WebhookAnswer> {
    const link = await this.#options.links.look(token);
    return link === undefined ? this.#unknown() : standingPage(link, false);
  }

  async #takeForm(token: string, head: WebhookHead, body: Buffer): Promise<WebhookAnswer> {
    const link = await this.#options.links.look(token);
    if (link === undefined) return this.#unknown();
    if (link.standing !== 'open') return standingPage(link, true);
    if (body.length > maxAnswerBytes) return tooLargePage(maxAnswerBytes);
    const given = formOf(head, body);
    // A POST without the page's button is no person's.
    if (given?.has('send') !== true) return unreadablePage();
    const read = link.payload === undefined ? ({ ok: true, answer: null } as const) : answerOf(link.payload, given);
    if (!read.ok) return askPage(link, { status: 422, problem: read.problem, given });
    try {
      await this.#options.links.answer(token, link, read.answer);
      return thanksPage(link);
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      if (error.code === 'invalid-inputs') return askPage(link, { status: 422, problem: error.message, given });
      return this.#outrun(token, error);
    }
  }

  /** For programs: a callback. */
  async #takeJson(token: string, head: WebhookHead, body: Buffer): Promise<WebhookAnswer> {
    const link = await this.#options.links.look(token);
    if (link === undefined) return told(this.#unknown().status, 'There is no such link.');
    if (link.standing !== 'open') return told(link.standing === 'answered' ? 409 : 410, standingText(link));
    if (body.length > maxAnswerBytes) return told(413, `An answer has ${maxAnswerBytes} bytes at most.`);
    const parsed = parseWebhookBody(body, head.headers['content-type']);
    if (!parsed.ok) return told(parsed.status, english.textOf(parsed.reason));
    try {
      await this.#options.links.answer(token, link, parsed.value);
      return { status: 200, body: { json: { run: link.run, signal: link.signal } } };
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      if (error.code === 'invalid-inputs') return told(422, error.message);
      const outrun = await this.#outrun(token, error);
      return told(outrun.status, error.message);
    }
  }

  /** Something else has come between the look and the answer. */
  async #outrun(token: string, error: CodedError): Promise<WebhookAnswer> {
    if (error.code !== 'wrong-state' && error.code !== 'not-found') throw error;
    const link = await this.#options.links.look(token);
    if (link === undefined) return unknownPage();
    if (link.standing === 'open') throw error;
    return standingPage(link, true);
  }

  async #guarded(work: () => Promise<WebhookAnswer>): Promise<WebhookAnswer> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof CodedError && (error.code === 'store-unavailable' || error.code === 'stopping')) return laterPage();
      throw error;
    }
  }

  #unknown(): WebhookAnswer {
    const answer = unknownPage();
    this.#options.refusals.add(answer.status, 'a link that answers nothing');
    return answer;
  }

  #refuse(answer: WebhookAnswer, reason: string): Admission {
    this.#options.refusals.add(answer.status, reason);
    return { kind: 'answer', answer };
  }
}

function standingPage(link: SignalLinkView, wasSent: boolean): WebhookAnswer {
  switch (link.standing) {
    case 'open':
      return askPage(link);
    case 'answered':
      return answeredPage(link, wasSent);
    case 'expired':
      return expiredPage(link);
    case 'over':
      return overPage(link);
  }
}

function standingText({ standing, signal, run }: SignalLinkView): string {
  switch (standing) {
    case 'answered':
      return `'${signal}' of ${run} was answered already.`;
    case 'expired':
      return `The link to answer '${signal}' of ${run} has expired.`;
    default:
      return `Nothing waits for '${signal}' of ${run} any longer.`;
  }
}

function told(status: number, error: string): WebhookAnswer {
  return { status, body: { json: { error } } };
}

function isJson({ headers }: WebhookHead): boolean {
  return /^application\/(?:[^\s;]+\+)?json\s*(?:;|$)/i.test(headers['content-type'] ?? '');
}

function formOf({ headers }: WebhookHead, body: Buffer): GivenFields | undefined {
  if (!/^application\/x-www-form-urlencoded\s*(?:;|$)/i.test(headers['content-type'] ?? '')) return undefined;
  return new Map(new URLSearchParams(body.toString('utf8')));
}

/**
 * Whether a browser says that a page of another site has sent the request: then it wasn't the page that was shown here, whoever has made it. Programs, and
 * browsers of before 2023, say nothing of it. By the policy of its referrers the page itself sends `Origin: null` (Fetch, 3.1).
 */
function isCrossSite({ headers }: WebhookHead, publicUrl: string): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site !== 'same-origin' && site !== 'none';
  const { origin, host } = headers;
  if (origin === undefined || origin === 'null') return false;
  const from = URL.parse(origin)?.host;
  return from !== host && from !== URL.parse(publicUrl)?.host;
}
