export interface DeliverOptions {
  /** Of its queue, `hooks`. */
  readonly concurrency: number;
  readonly onItemFailure: 'continue' | 'fail';
  /** Characters that each payload has besides its item. */
  readonly padding?: number;
  readonly retry?: 'none';
}

/** A workflow that sends each of its `items` to that address. */
export function deliverWorkflow(url: string, { concurrency, onItemFailure, padding = 0, retry }: DeliverOptions): string {
  const body = padding === 0 ? '{ item: "${{ item }}" }' : `{ item: "\${{ item }}", padding: "${'x'.repeat(padding)}" }`;
  return `
queues:
  hooks: { concurrency: ${concurrency} }
inputs:
  items: { type: array }
steps:
  deliver:
    queue: hooks
    foreach: { items: "\${{ inputs.items }}", key: "\${{ item }}", on-item-failure: ${onItemFailure} }${retry === undefined ? '' : `\n    retry: ${retry}`}
    uses: webhook/send
    with: { url: "${url}", body: ${body} }
`;
}
