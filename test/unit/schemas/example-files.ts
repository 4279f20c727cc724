/** The example of the language's definition: it shows everything at once, so it must stay right. */
export const workflowExample = `name: Newsletter
description: Send the weekly letter to a list.

on:                                      # a run can always be started by hand as well
  schedule:
    - { cron: "0 9 * * MON", timezone: Europe/Berlin, missed: skip }     # missed: skip | run-once | run-all
  webhook:
    path: newsletter                     # POST /hooks/newsletter
    verify: { scheme: hmac-sha256, header: x-signature, secret: "\${{ secrets.CRM_HOOK }}" }   # or github, stripe, standard-webhooks, bearer, none
    dedupe: \${{ trigger.body.id }}       # a second event with this key starts nothing

inputs:                                  # JSON Schema (2020-12), the properties of an object
  list:     { type: array, items: { type: object, required: [email] } }
  subject:  { type: string, minLength: 1 }
  dry:      { type: boolean, default: false }
required: [list, subject]

queues:                                  # or in .sluice/queues.yaml; a name declared twice is an error
  enrichment:
    rate: 100/min
    concurrency: 10
    timeout: 20s
    retry: { delays: [1m, 5m, 30m, 2h], jitter: 10% }
  esp:
    rate: { limit: 1000, per: 1m, burst: 50 }
    concurrency: 20
    lanes: { rate: 100/min, concurrency: 5 }       # limits of each lane
    retry: { type: exponential, first: 5s, factor: 2, max: 10m, attempts: 6 }
    breaker: { failures: 20, within: 1m, pause: 30s }
    max-depth: 200000
    dead-letters: { keep: 30d }
    alerts:
      depth: { warning: 5000, error: 50000 }
      oldest: { warning: 10m }
      failure-rate: { warning: 5%, error: 20%, over: 5m }
      dead-letters: { error: 1 }
      filling: { warning: 5m }           # arrivals outrun completions for this long

steps:                                   # a map; order comes from needs and from references, not from position
  enrich:
    queue: enrichment
    foreach: { items: "\${{ inputs.list }}", as: item, key: "\${{ item.email }}", on-item-failure: continue, tolerate: 2% }
    uses: http/request
    with:
      url: https://api.example.com/people
      query: { email: "\${{ item.email }}" }
      headers: { authorization: "Bearer \${{ secrets.PEOPLE_API }}" }
    cache: { key: "\${{ item.email }}", for: 30d }
  send:
    needs: [enrich]
    if: \${{ !inputs.dry }}
    queue: esp
    lane: \${{ person.item.tenant }}      # lanes of a queue are served in turn
    priority: low                        # 0..9, greater goes first; low = 2, normal = 5, high = 8
    foreach:
      items: \${{ steps.enrich.results.filter(r, r.status == 'succeeded') }}
      as: person
      key: \${{ person.item.email }}
      on-item-failure: continue          # or fail; must be said
    uses: email/send
    with:
      connection: esp
      to: \${{ person.item.email }}
      subject: \${{ inputs.subject }}
      text: "Hello \${{ person.output.body.name }}"

on-failure:
  tell:
    uses: webhook/send
    with: { url: "https://chat.example.com/hook", body: { text: "\${{ run.error.message }}" } }
`;

export const connectionsExample = `# .sluice/connections.yaml
connections:
  esp: { type: smtp, host: smtp.example.com, port: 587, tls: starttls, user: mailer, password: "\${{ secrets.ESP_PASSWORD }}", from: "News <news@example.com>" }
`;
