/** A window of VS Code that tests run in. Its tests are in the folder of its name in `suites/`. */
export interface TestWindow {
  readonly name: 'project' | 'empty' | 'restricted' | 'figures';
  readonly isTrusted: boolean;
  /** What is opened: the folder, or a workspace file with the folder in it, to which others can be added without a new start of the extension host. */
  readonly opens: 'folder' | 'workspace';
  /** Texts by their paths in the folder. */
  readonly files: Readonly<Record<string, string>>;
}

const order = `name: Order
description: Tell the ERP about an order.

inputs:
  url: { type: string, minLength: 1, description: Address of the ERP }
  number: { type: integer, default: 1 }
  urgent: { type: boolean, default: false }
required: [url]

queues:
  erp:
    concurrency: 2
    rate: 600/min
    retry: { delays: [] }
    dead-letters: { keep: 30d }

steps:
  invoice:
    queue: erp
    uses: http/request
    with:
      method: POST
      url: \${{ inputs.url }}
      json: { order: "\${{ inputs.number }}", currency: EURO }
`;

const batch = `name: Batch
description: One call an item.

inputs:
  url: { type: string }
  items: { type: array, items: { type: object, required: [id], properties: { id: { type: string } } } }
required: [url, items]

queues:
  bulk: { concurrency: 20, retry: { delays: [] } }

steps:
  each:
    queue: bulk
    foreach: { items: "\${{ inputs.items }}", as: item, key: "\${{ item.id }}", on-item-failure: continue }
    uses: http/request
    with: { method: POST, url: "\${{ inputs.url }}", json: { id: "\${{ item.id }}" } }
`;

const project = { '.sluice/workflows/order.yaml': order, '.sluice/workflows/batch.yaml': batch };

export const testWindows: readonly TestWindow[] = [
  { name: 'empty', isTrusted: true, opens: 'folder', files: { 'README.md': 'Nothing of Sluice yet.\n' } },
  { name: 'restricted', isTrusted: false, opens: 'folder', files: project },
  { name: 'project', isTrusted: true, opens: 'workspace', files: project },
];

/** For `npm run bench`, not for `npm test`. */
export const figuresWindow: TestWindow = { name: 'figures', isTrusted: true, opens: 'folder', files: { '.sluice/workflows/batch.yaml': batch.replace('concurrency: 20', 'concurrency: 50') } };
