import { HttpService, type Answer, type Call } from './http-service.ts';
import { Arrivals } from './arrivals.ts';
import type { Watch } from './watch.ts';

export interface ErpOptions {
  readonly watch: Watch;
  readonly token: string;
  /** How long it is down, from the first call on. */
  readonly downMs: number;
  /** Customers of a branch that is down for good: 503, whatever is tried. */
  readonly isUnreachable: (customer: string) => boolean;
  /** Deals whose invoice is made, but whose first answer gets lost on its way. */
  readonly losesAnswer: (deal: string) => boolean;
}

export interface Invoice {
  readonly number: string;
  readonly deal: string;
  readonly currency: string;
  readonly amount: number;
}

interface Order {
  readonly deal: string;
  readonly customer: string;
  readonly amount: number;
  readonly currency: string;
}

const currencies: ReadonlySet<string> = new Set(['EUR', 'USD', 'GBP', 'SEK']);

/** An ERP with an API for invoices: down at first, strict about what it is sent, and it makes one invoice for one key. */
export class Erp {
  readonly invoices: Invoice[] = [];
  readonly service: HttpService;
  refusedWhileDown = 0;
  lostAnswers = 0;
  /** Calls that came again with a key whose invoice was there already. */
  repeatsRecognised = 0;
  unauthorised = 0;
  readonly #options: ErpOptions;
  readonly #invoiceOfKey = new Map<string, Invoice>();
  #firstCallAt: number | undefined;

  constructor(options: ErpOptions) {
    this.#options = options;
    this.service = new HttpService({ watch: options.watch, answer: (call) => this.#answer(call), latencyMs: 40 });
  }

  isDown(at = Arrivals.now()): boolean {
    return this.#firstCallAt === undefined || at < this.#firstCallAt + this.#options.downMs;
  }

  /** When it got a deal, however often, in milliseconds since 1970. */
  triesOf(deal: string): readonly number[] {
    return this.service.calls.filter((call) => readOrder(call)?.deal === deal).map(({ at }) => at);
  }

  #answer(call: Call): Answer {
    this.#firstCallAt ??= call.at;
    const order = readOrder(call);
    const key = call.headers['idempotency-key'];
    if (call.headers.authorization !== `Bearer ${this.#options.token}`) {
      this.unauthorised++;
      return { status: 401, body: { error: 'who are you?' } };
    }
    if (this.isDown(call.at) || (order !== undefined && this.#options.isUnreachable(order.customer))) {
      this.refusedWhileDown++;
      return { status: 503, body: { error: 'down for maintenance' } };
    }
    if (order === undefined || typeof key !== 'string') return { status: 400, body: { error: 'no order, or no idempotency-key' } };
    if (!currencies.has(order.currency)) return { status: 422, body: { error: `currency ${order.currency} is unknown; ISO 4217 is expected, such as EUR` } };
    return this.#makeInvoice(order, key);
  }

  #makeInvoice(order: Order, key: string): Answer {
    const known = this.#invoiceOfKey.get(key);
    if (known !== undefined) {
      this.repeatsRecognised++;
      return { status: 200, body: known };
    }
    const { deal, currency, amount } = order;
    const invoice = { number: `INV-${5001 + this.invoices.length}`, deal, currency, amount };
    this.invoices.push(invoice);
    this.#invoiceOfKey.set(key, invoice);
    if (!this.#options.losesAnswer(deal)) return { status: 201, body: invoice };
    this.lostAnswers++;
    return 'cut';
  }
}

function readOrder({ text }: Call): Order | undefined {
  const value: unknown = text === '' ? undefined : JSON.parse(text);
  return typeof value === 'object' && value !== null && 'deal' in value ? (value as Order) : undefined;
}
