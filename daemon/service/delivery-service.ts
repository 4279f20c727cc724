import { randomUUID } from 'node:crypto';
// The guarded client refuses this daemon's own ports, and this calls one of them and nothing else.
// eslint-disable-next-line @typescript-eslint/no-restricted-imports
import { request } from 'node:http';
import type { Clock } from '../core/clock.ts';
import type { Masker } from '../secrets/masker.ts';
import type { SecretValue } from '../secrets/secret-source.ts';
import type { Handlers } from '../server/method-caller.ts';
import type { Store } from '../store/store.ts';
import { signedHeaders } from '../triggers/signature.ts';
import type { WebhookRoute } from '../triggers/webhook-routes.ts';
import type { Webhooks } from '../triggers/webhooks.ts';
import type { DeliveryDetail } from '../../schemas/protocol/delivery.ts';
import { CodedError, messageOfError } from '../../schemas/protocol/error.ts';
import { formatDeliveryId, formatRunId, parseDeliveryId } from '../../schemas/protocol/id.ts';
import { message } from '../../schemas/wording/message.ts';
import { messageOfTold } from '../../schemas/wording/told.ts';
import { readStoredText } from '../ledger/stored-text.ts';
import type { Json } from '../../schemas/workflow/json.ts';
import type { ProjectService } from './project-service.ts';

const defaultPage = 100;
/** How long the listener may take to answer, in milliseconds. */
const sendTimeoutMs = 20_000;
const maxAnswer = 4_096;

export interface DeliveryServiceOptions {
  readonly webhooks: Webhooks;
  readonly project: ProjectService;
  readonly store: Store;
  readonly clock: Clock;
  readonly secret: (name: string) => SecretValue;
  readonly masker: () => Masker;
}

/** Incoming webhooks as they were received, and what a person does with them. */
export class DeliveryService implements Pick<Handlers, 'delivery/list' | 'delivery/get' | 'delivery/rerun' | 'delivery/send'> {
  readonly #options: DeliveryServiceOptions;

  constructor(options: DeliveryServiceOptions) {
    this.#options = options;
  }

  'delivery/list': Handlers['delivery/list'] = async ({ limit = defaultPage, ...rest }) => {
    const { store, project } = this.#options;
    const page = await store.listDeliveries({ ...rest, limit });
    const { workflow, cursor, outcome } = rest;
    // Deliveries outlive the file of their workflow.
    if (workflow !== undefined && page.deliveries.length === 0 && cursor === undefined && !project.has(workflow)) {
      const { deliveries } = outcome === undefined ? page : await store.listDeliveries({ workflow, limit: 1 });
      if (deliveries.length === 0) throw project.unknown(workflow);
    }
    return page;
  };

  'delivery/get': Handlers['delivery/get'] = ({ id }) => this.get(id);

  'delivery/rerun': Handlers['delivery/rerun'] = async ({ id, unverified = false }) => {
    const { webhooks, clock, project, masker } = this.#options;
    const delivery = await this.get(id);
    if (delivery.outcome === 'refused' && !unverified) {
      throw new CodedError('wrong-state', message('The delivery {delivery} did not prove where it comes from, so anyone may have written it. Look at it first; then run it with --unverified, if you trust it.', { delivery: id }));
    }
    if (delivery.body === undefined) throw new CodedError('wrong-state', message('The body of the delivery {delivery} was not kept, so there is nothing to run again.', { delivery: id }));
    await project.find(delivery.workflow);
    const route = this.#routeOf(delivery.workflow);
    const { bytes, headers, query, body } = delivery;
    const { delivery: row, run, now } = webhooks.reader.read(route, { bytes, headers, query, body: body as Json }, { now: clock.now(), masker: masker() });
    if (row.outcome === 'invalid') throw new CodedError('invalid-inputs', row.reason === undefined ? '' : messageOfTold(readStoredText(row.reason)));
    const again = { ...row, scheme: 'rerun', rerun_of: parseDeliveryId(id) ?? null };
    // Without its key: it is to start something although its event has come before.
    const { deliveryId, runId } = await webhooks.deliver({ now, delivery: again, ...(run === undefined ? {} : { run }) }, route.workflow);
    return { id: formatDeliveryId(deliveryId), outcome: row.outcome, ...(row.reason === undefined ? {} : { reason: readStoredText(row.reason).message }), ...(runId === undefined ? {} : { run: formatRunId(runId) }) };
  };

  'delivery/send': Handlers['delivery/send'] = async ({ workflow, payload, headers = {}, sign = false }) => {
    const { webhooks, project, store } = this.#options;
    await project.find(workflow);
    const route = this.#routeOf(workflow);
    const { localUrl } = webhooks;
    if (localUrl === undefined) throw new CodedError('wrong-state', webhooks.status()?.problem ?? 'Nothing listens for webhooks.');
    const body = Buffer.from(payload);
    const target = `/hooks/${route.trigger.path}`;
    const given = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
    const proof = sign ? this.#proofOf(route, body, target) : { ids: {}, headers: {}, query: '' };
    const answer = await post(`${localUrl}${target}${proof.query}`, body, { 'content-type': 'application/json', ...proof.ids, ...given, ...proof.headers });
    const id = deliveryIn(answer.text);
    const kept = id === undefined ? undefined : await store.getDelivery({ deliveryId: parseDeliveryId(id) ?? 0 });
    return {
      status: answer.status,
      answer: answer.text.slice(0, maxAnswer),
      ...(kept === undefined ? {} : { delivery: kept.id, outcome: kept.outcome, ...(kept.run === undefined ? {} : { run: kept.run }) }),
    };
  };

  /** What the sender would add, with the first secret that is set. `ids`: what isn't signed, and may be another one. */
  #proofOf({ trigger: { verify } }: WebhookRoute, body: Buffer, target: string): { readonly ids: Readonly<Record<string, string>>; readonly headers: Readonly<Record<string, string>>; readonly query: string } {
    const { clock, webhooks } = this.#options;
    if (verify.kind === 'none') return { ids: {}, headers: {}, query: '' };
    const found = verify.secrets.map((name) => this.#options.secret(name)).find((one) => one.ok);
    if (found?.ok !== true) throw new CodedError('wrong-state', message('There is no secret {name}: run `sluice secrets set {name}`.', { name: verify.secrets[0] ?? '' }));
    const secret = found.value;
    switch (verify.kind) {
      case 'bearer':
        return { ids: {}, headers: { authorization: `Bearer ${secret}` }, query: '' };
      case 'query-secret':
        return { ids: {}, headers: {}, query: `?${new URLSearchParams({ [verify.parameter]: secret }).toString()}` };
      case 'signature': {
        if (verify.signature.key === 'public-key') throw new CodedError('wrong-state', message("Only the sender can sign for the scheme {scheme}: its secret here is a public key, which verifies. Send it without a signature to a copy of the workflow with 'verify: none'.", { scheme: verify.scheme }));
        const id = randomUUID();
        const ids = verify.scheme === 'github' ? { 'x-github-delivery': id } : verify.scheme === 'shopify' ? { 'x-shopify-webhook-id': id } : {};
        const url = `${webhooks.publicUrl ?? ''}${target}`;
        return { ids, headers: { ...signedHeaders(verify.signature, secret, { method: 'POST', url, body }, { now: clock.now(), id: `msg_${id}` }) }, query: '' };
      }
    }
  }

  /** @throws CodedError `not-found` */
  async get(id: string): Promise<DeliveryDetail> {
    const number = parseDeliveryId(id);
    const found = number === undefined ? undefined : await this.#options.store.getDelivery({ deliveryId: number });
    if (found === undefined) throw new CodedError('not-found', message('There is no delivery {delivery}. Old ones are deleted after a while; `sluice deliveries` lists what is kept.', { delivery: id }));
    return found;
  }

  #routeOf(workflow: string): WebhookRoute {
    const route = [...this.#options.webhooks.routes.all.values()].find((one) => one.workflow.id === workflow);
    if (route === undefined) throw new CodedError('wrong-state', message("The workflow {workflow} has no webhook: add one to its file, under 'on'.", { workflow }));
    return route;
  }
}

function post(url: string, body: Buffer, headers: Readonly<Record<string, string>>): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const failed = (error: unknown): void => reject(new CodedError('unreachable', message('The listener for webhooks could not be reached: {problem}.', { problem: messageOfError(error) })));
    try {
      const sent = request(url, { method: 'POST', headers: { ...headers, 'content-length': body.length }, timeout: sendTimeoutMs, agent: false }, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          if (text.length < maxAnswer) text += chunk;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
        response.on('error', failed);
      });
      sent.on('timeout', () => sent.destroy(new Error('no answer came in time')));
      sent.on('error', failed);
      sent.end(body);
    } catch (error) {
      // A header that can't be sent, say.
      reject(new CodedError('invalid-params', message("The request can't be sent: {problem}.", { problem: messageOfError(error) })));
    }
  });
}

function deliveryIn(text: string): string | undefined {
  return /^\{"id":"(d[1-9][0-9]{0,15})"/.exec(text)?.[1];
}
