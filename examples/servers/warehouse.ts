import { createHmac, timingSafeEqual } from 'node:crypto';
import { HttpService, type Answer, type Call } from './http-service.ts';
import type { Watch } from './watch.ts';

/** How far the time of a webhook may be off, by the Standard Webhooks specification's advice. */
const toleranceSeconds = 5 * 60;

export interface DealEvent {
  /** The header `webhook-id`. */
  readonly id: string;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/**
 * Receives webhooks and verifies them as https://www.standardwebhooks.com says, in code of its own: it shares the secret
 * with the sender, and nothing else.
 */
export class Warehouse {
  readonly events: DealEvent[] = [];
  /** Events that came again, known by their `webhook-id`. */
  repeats = 0;
  forged = 0;
  readonly service: HttpService;
  readonly #key: Buffer;
  readonly #seen = new Set<string>();

  constructor(watch: Watch, secret: string) {
    this.#key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
    this.service = new HttpService({ watch, answer: (call) => this.#answer(call) });
  }

  #answer(call: Call): Answer {
    const id = this.#verifiedId(call);
    if (id === undefined) {
      this.forged++;
      return { status: 401, body: { error: 'the signature is wrong' } };
    }
    if (this.#seen.has(id)) this.repeats++;
    else this.events.push({ id, ...(JSON.parse(call.text) as Omit<DealEvent, 'id'>) });
    this.#seen.add(id);
    return { status: 202 };
  }

  /** The event's id where its signature and its time are right. */
  #verifiedId({ headers, text }: Call): string | undefined {
    const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures } = headers;
    if (typeof id !== 'string' || typeof timestamp !== 'string' || typeof signatures !== 'string') return undefined;
    if (Math.abs(Date.now() / 1000 - Number(timestamp)) > toleranceSeconds) return undefined;
    const expected = createHmac('sha256', this.#key).update(`${id}.${timestamp}.${text}`).digest();
    const isRight = signatures.split(' ').some((signature) => {
      const [version, base64 = ''] = signature.split(',');
      const given = Buffer.from(base64, 'base64');
      return version === 'v1' && given.length === expected.length && timingSafeEqual(given, expected);
    });
    return isRight ? id : undefined;
  }
}
