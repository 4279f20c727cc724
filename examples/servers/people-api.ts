import { Arrivals } from './arrivals.ts';
import { HttpService, type Answer, type Call } from './http-service.ts';
import type { Watch } from './watch.ts';

export interface PeopleApiOptions {
  readonly watch: Watch;
  readonly token: string;
  /** The contract: so many calls in any window, the rest is answered 429. */
  readonly limit: number;
  readonly perMs: number;
  /** Every so many calls, one is answered 503. */
  readonly failEvery: number;
  readonly latencyMs: number;
}

/** A look-up service that charges for every call, and for no key twice. */
export class PeopleApi {
  readonly arrivals = new Arrivals();
  readonly service: HttpService;
  /** Calls that cost money: the first with each key that is answered. */
  readonly billed = new Map<string, string>();
  refusedByLimit = 0;
  failed = 0;
  /** Calls with a key that had been billed before: answered again, for nothing. */
  repeats = 0;
  /** What was reported when the import had ended. */
  report: unknown;
  readonly #options: PeopleApiOptions;
  readonly #keysOf = new Map<string, Set<string>>();

  constructor(options: PeopleApiOptions) {
    this.#options = options;
    this.service = new HttpService({ watch: options.watch, answer: (call) => this.#answer(call), latencyMs: options.latencyMs });
  }

  /** Contacts that were asked for with more than one idempotency key; there must be none. */
  get contactsWithSeveralKeys(): number {
    return [...this.#keysOf.values()].filter(({ size }) => size > 1).length;
  }

  /** Look-ups that came in, whatever the answer. */
  get lookUps(): number {
    return this.arrivals.count;
  }

  get contacts(): number {
    return this.#keysOf.size;
  }

  #answer(call: Call): Answer {
    if (call.headers.authorization !== `Bearer ${this.#options.token}`) return { status: 401 };
    if (call.method === 'POST') {
      this.report = JSON.parse(call.text);
      return { status: 201 };
    }
    const { limit, perMs, failEvery } = this.#options;
    if (this.arrivals.add(perMs, call.at) > limit) {
      this.refusedByLimit++;
      return { status: 429, headers: { 'retry-after': String(Math.ceil(perMs / 1000)) }, body: { error: 'limit exceeded' } };
    }
    const email = call.query.get('email') ?? '';
    const key = String(call.headers['idempotency-key']);
    this.#keysOf.set(email, (this.#keysOf.get(email) ?? new Set<string>()).add(key));
    if (this.arrivals.count % failEvery === 0) {
      this.failed++;
      return { status: 503, body: { error: 'try again' } };
    }
    if (this.billed.has(key)) this.repeats++;
    this.billed.set(key, email);
    return { status: 200, body: { email, company: `Company of ${email.split('@', 1)[0] ?? ''}`, employees: 10 + (email.length % 90) } };
  }
}
