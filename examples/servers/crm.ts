import { createHmac } from 'node:crypto';

/** A CRM that calls a webhook, signed as standardwebhooks.com says, with code of its own. */
export class Crm {
  readonly #secret: string;

  constructor(secret: string) {
    this.#secret = secret;
  }

  /** Sends an event; answers with the id of the delivery. Rejects unless it is accepted. */
  async send(url: string, id: string, event: object): Promise<string> {
    const body = JSON.stringify(event);
    const timestamp = String(Math.floor(Date.now() / 1000));
    const key = Buffer.from(this.#secret.replace(/^whsec_/, ''), 'base64');
    const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
    const response = await fetch(url, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` },
    });
    if (response.status !== 202) throw new Error(`the webhook was answered with ${response.status}: ${await response.text()}`);
    return ((await response.json()) as { readonly id: string }).id;
  }
}
