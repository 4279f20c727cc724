const call: WorkflowTemplate = {
  id: 'call',
  title: 'One HTTP call',
  summary: 'Calls a URL, and tries again where it fails.',
  connections: '',
  text: ({ id, name }) => `name: ${JSON.stringify(name)}

inputs:
  url: { type: string, format: uri, default: "https://example.com" }

queues:
  ${id}_calls:
    rate: 60/min                         # in any minute, over restarts too
    concurrency: 5                       # attempts at the same time
    retry: { delays: [2s, 10s, 1m] }     # four attempts; after the last the job is a dead letter
    alerts: { dead-letters: { error: 1 } }     # ... of which you are told

steps:
  fetch:
    queue: ${id}_calls
    uses: http/request
    with:
      url: \${{ inputs.url }}
`,
};

const esp = `connections:
  esp:
    type: smtp
    host: smtp.example.com
    port: 587
    tls: starttls
    user: mailer
    from: News <news@example.com>
    password: \${{ secrets.ESP_PASSWORD }}
`;

const campaign: WorkflowTemplate = {
  id: 'campaign',
  title: 'Campaign: e-mails to everybody on a list',
  summary: 'One e-mail for each row of a CSV file, at the rate that the provider takes; more urgent mail goes first.',
  connections: esp,
  text: ({ id, name }) => `name: ${JSON.stringify(name)}

inputs:
  list:    { type: string, description: "A CSV file with the columns email and name." }
  subject: { type: string, minLength: 1 }
required: [list, subject]

queues:
  ${id}_mail:
    rate: 1000/min
    concurrency: 20
    retry: { type: exponential, first: 5s, factor: 2, max: 10m, attempts: 6 }
    alerts:
      oldest: { warning: 10m }
      dead-letters: { warning: 1 }

steps:
  send:
    queue: ${id}_mail
    priority: low                        # a workflow with priority: high overtakes this list
    foreach:                             # one job for each row; the file is read as a stream
      file: \${{ inputs.list }}
      as: person
      key: \${{ person.email }}           # who is on the list twice gets one e-mail
      on-item-failure: continue          # one bad address doesn't stop the others ...
      tolerate: 1%                       # ... but when more than this fail, so does the run
    uses: email/send
    with:
      connection: esp                    # declared in .sluice/connections.yaml
      to: \${{ person.email }}
      subject: \${{ inputs.subject }}
      text: "Hello \${{ person.name }}"
`,
};

const dealClosed: WorkflowTemplate = {
  id: 'deal-closed',
  title: 'Deal closed: tell one system after the other',
  summary: 'Books a deal in the ERP, tells others, and sounds an alarm where it gets stuck.',
  connections: '',
  text: ({ id, name }) => `name: ${JSON.stringify(name)}

inputs:
  deal:
    type: object
    required: [id, amount]
    properties:
      id: { type: string }
      amount: { type: number, exclusiveMinimum: 0 }
required: [deal]

queues:
  ${id}_erp:
    concurrency: 2
    timeout: 20s
    retry: { delays: [1m, 5m, 30m, 2h], jitter: 10% }     # five attempts; then it is a dead letter, to be edited and replayed
    alerts:
      dead-letters: { error: 1 }
  ${id}_hooks:
    retry: { delays: [10s, 1m, 10m] }

steps:
  book:
    queue: ${id}_erp
    uses: http/request
    with:
      method: POST
      url: https://erp.example.com/invoices
      headers: { authorization: "Bearer \${{ secrets.ERP_TOKEN }}" }     # "Sluice: Set Secret…" gives it its value
      json: { deal: "\${{ inputs.deal.id }}", amount: "\${{ inputs.deal.amount }}" }

  tell:                                  # waits for book, because it refers to it
    queue: ${id}_hooks
    uses: webhook/send
    with:
      url: https://warehouse.example.com/hooks/deals
      type: deal.closed
      body: { deal: "\${{ inputs.deal.id }}", invoice: "\${{ steps.book.output.body.number }}" }

on-failure:
  alarm:
    queue: ${id}_hooks
    uses: webhook/send
    with:
      url: https://chat.example.com/hook
      body: { text: "Deal \${{ inputs.deal.id }} is stuck: \${{ run.error.message }}" }
`,
};

const enrichment: WorkflowTemplate = {
  id: 'enrichment',
  title: 'Enrichment: one API call for each row',
  summary: 'Looks up each row of a CSV file, never faster than the API allows, and counts what was found.',
  connections: '',
  text: ({ id, name }) => `name: ${JSON.stringify(name)}

inputs:
  contacts: { type: string, description: "A CSV file with the column email." }
required: [contacts]

queues:
  ${id}_api:
    rate: 100/min                        # never more in any minute, so that there is no surprise on the bill
    concurrency: 10
    timeout: 20s
    retry: { delays: [10s, 1m, 5m] }
    alerts:
      failure-rate: { warning: 5%, error: 20%, over: 5m }
      dead-letters: { warning: 1 }

steps:
  look_up:
    queue: ${id}_api
    foreach:
      file: \${{ inputs.contacts }}
      as: contact
      key: \${{ contact.email }}          # who is in the file twice is looked up, and paid for, once
      on-item-failure: continue
      tolerate: 2%
    uses: http/request
    with:
      url: https://api.example.com/people
      query: { email: "\${{ contact.email }}" }
      headers: { authorization: "Bearer \${{ secrets.PEOPLE_API }}" }    # "Sluice: Set Secret…" gives it its value

  report:
    uses: http/request
    with:
      method: POST
      url: https://example.com/reports
      json: { found: "\${{ size(steps.look_up.results.filter(r, r.status == 'succeeded')) }}" }
`,
};

const approval: WorkflowTemplate = {
  id: 'approval',
  title: 'With approval: a person decides before it goes on',
  summary: 'Asks for an approval with a link, waits for a day at most, and calls only if it was given.',
  connections: '',
  text: ({ id, name }) => `name: ${JSON.stringify(name)}

inputs:
  order: { type: string, minLength: 1 }
required: [order]

queues:
  ${id}_shop:
    retry: { delays: [10s, 1m, 10m] }
    alerts:
      dead-letters: { error: 1 }

steps:
  ask:                                   # whoever opens the link can answer, once; .sluice/config.yaml says where it leads (webhooks)
    uses: webhook/send
    with:
      url: https://chat.example.com/hook
      body: { text: "Ship the order \${{ inputs.order }}? \${{ signalUrl('approve') }}" }

  approve:                               # or "Answer…" in the editor, or: sluice signal r12 approve --payload answer.json
    uses: wait/signal
    with:
      name: approve
      question: Ship the order \${{ inputs.order }}?
      timeout: 24h
      on-timeout: fail                   # nobody has answered: a dead letter, whose replay asks again
      payload:                           # what the answer says
        approved: { type: boolean }
        comment:  { type: string, default: "" }

  ship:
    if: \${{ steps.approve.output.payload.approved }}
    queue: ${id}_shop
    uses: http/request
    with:
      method: POST
      url: https://shop.example.com/shipments
      json: { order: "\${{ inputs.order }}", approved-by: "\${{ steps.approve.output.by }}" }
`,
};

const githubEvent: WorkflowTemplate = {
  id: 'github-event',
  title: 'On a GitHub event: a webhook that starts a run',
  summary: 'Starts when GitHub calls, verified by its signature, and tells a chat which issue was opened.',
  connections: '',
  text: ({ name, id }) => `name: ${JSON.stringify(name)}

on:
  webhook:                               # POST /hooks/${id.replaceAll('_', '-')}, where 'webhooks: { listen: "127.0.0.1:4681" }' of .sluice/config.yaml says
    path: ${id.replaceAll('_', '-')}
    verify: { scheme: github, secret: "\${{ secrets.GITHUB_HOOK }}" }    # "Sluice: Set Secret…" gives it its value
    if: \${{ trigger.body.action == 'opened' }}    # other events are kept, and start nothing
    inputs: { title: "\${{ trigger.body.issue.title }}", url: "\${{ trigger.body.issue.html_url }}" }

inputs:
  title: { type: string }
  url: { type: string }
required: [title, url]

steps:
  tell:
    uses: webhook/send
    with:
      url: https://chat.example.com/hook
      body: { text: "\${{ inputs.title }}: \${{ inputs.url }}" }
`,
};

const onSchedule: WorkflowTemplate = {
  id: 'schedule',
  title: 'On a schedule: a call at fixed times',
  summary: 'Starts a run at fixed times of a time zone, and fetches a report.',
  connections: '',
  text: ({ name }) => `name: ${JSON.stringify(name)}

on:
  schedule:                              # minute, hour, day of the month, month, day of the week
    - cron: "0 9 * * MON"
      timezone: Europe/Berlin
      missed: run-once                   # the daemon was not running: one run for all that was missed ...
      within: 6h                         # ... but not later than this

steps:
  report:
    uses: http/request
    with: { url: https://api.example.com/report }
`,
};

/** What "Create Workflow from Template" offers before the recipes, the simplest first. */
export const workflowTemplates: readonly WorkflowTemplate[] = [call, campaign, dealClosed, enrichment, approval, onSchedule, githubEvent];

/** A workflow to begin with. */
export interface WorkflowTemplate {
  readonly id: string;
  readonly title: string;
  /** One sentence: what it does. */
  readonly summary: string;
  /** The workflow's text; its queues bear the workflow's id in their names, so that they are the project's only ones of that name. */
  readonly text: (workflow: { readonly id: string; readonly name: string }) => string;
  /** A `connections.yaml` with the connections that it sends through; empty if there are none. */
  readonly connections: string;
}
