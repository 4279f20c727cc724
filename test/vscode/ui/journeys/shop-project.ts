/** A shop that tells its ERP of orders: what the journeys and the pictures show. */
export function shopProject(erp: string): Readonly<Record<string, string>> {
  return {
    '.sluice/queues.yaml': `queues:
  erp:
    concurrency: 2
    rate: 600/min
    timeout: 2m
    retry: { delays: [] }
    dead-letters: { keep: 30d }
    alerts:
      depth: { warning: 20, error: 5000 }
      dead-letters: { error: 1 }
  mail:
    rate: 1000/min
    concurrency: 5
`,
    '.sluice/workflows/order.yaml': `name: Order placed
description: Make an invoice for an order, and tell the customer.

inputs:
  number: { type: integer, minimum: 1 }
  customer: { type: string, default: Ada }
required: [number]

steps:
  invoice:
    queue: erp
    uses: http/request
    with:
      method: POST
      url: ${erp}/invoices
      json:
        order: \${{ inputs.number }}
        customer: \${{ inputs.customer }}
        currency: EURO
  tell:
    queue: mail
    uses: webhook/send
    with:
      url: ${erp}/mails
      body: { text: "Invoice \${{ steps.invoice.output.body.number }} is on its way." }
`,
    '.sluice/workflows/import.yaml': `name: Import contacts
description: One call for each contact.

inputs:
  contacts: { type: array, items: { type: object, required: [email], properties: { email: { type: string } } } }
required: [contacts]

steps:
  enrich:
    queue: erp
    foreach: { items: "\${{ inputs.contacts }}", as: contact, key: "\${{ contact.email }}", on-item-failure: continue }
    uses: http/request
    with: { method: POST, url: "${erp}/contacts", json: { email: "\${{ contact.email }}" } }
`,
    'contacts.csv': `email\n${Array.from({ length: 120 }, (_, index) => `person${index + 1}@example.com`).join('\n')}\n`,
  };
}
