/** A step to begin with, for each action. */
export interface StepTemplate {
  /** As in `uses`. */
  readonly action: string;
  /** One sentence: what it does. */
  readonly summary: string;
  /**
   * The step's entry of `steps`, not indented, as an LSP snippet: `${1:name}` is to be filled in. `\$` is a dollar sign. It ends where
   * a further key of the step would stand.
   */
  readonly snippet: string;
}

export const stepTemplates: readonly StepTemplate[] = [
  {
    action: 'http/request',
    summary: 'A call, with a key that keeps it from being done twice.',
    snippet: '${1:call}:\n  uses: http/request\n  with:\n    method: ${2|POST,GET,PUT,PATCH,DELETE|}\n    url: ${3:https://api.example.com/things}\n  timeout: ${4:20s}\n  $0',
  },
  {
    action: 'webhook/send',
    summary: 'An event for another system.',
    snippet: '${1:tell}:\n  uses: webhook/send\n  with:\n    url: ${2:https://example.com/hooks}\n    type: ${3:thing.happened}\n    body: { ${4:text}: "${5:It happened.}" }\n  $0',
  },
  {
    action: 'email/send',
    summary: 'An e-mail through a connection of connections.yaml.',
    snippet: '${1:mail}:\n  uses: email/send\n  with:\n    connection: ${2:esp}\n    to: ${3:ada@example.com}\n    subject: ${4:Hello}\n    text: ${5:A few lines.}\n  $0',
  },
  {
    action: 'file/write',
    summary: 'A row for a file of the project.',
    snippet: '${1:note}:\n  uses: file/write\n  with:\n    path: ${2:exports/things.csv}\n    row: { ${3:name}: ${4:Ada} }\n  $0',
  },
  {
    action: 'sql/query',
    summary: 'Rows of a Postgres or SQLite database.',
    snippet: '${1:people}:\n  uses: sql/query\n  with:\n    connection: ${2:db}\n    query: ${3:select id, email from people where country = \\$1}\n    params: [${4:DE}]\n  $0',
  },
  {
    action: 'transform/jsonata',
    summary: 'A JSONata expression over JSON.',
    snippet: '${1:totals}:\n  uses: transform/jsonata\n  with:\n    input: \\${{ ${2:inputs.list} \\}\\}\n    expression: ${3:orders.total}\n  $0',
  },
  {
    action: 'transform/script',
    summary: 'JavaScript that makes values of values.',
    snippet: '${1:shape}:\n  uses: transform/script\n  with:\n    script: |\n      export default ({ ${2:inputs} }) => {\n        return ${3:inputs.list};\n      }\n  $0',
  },
  {
    action: 'wait/for',
    summary: 'A pause, over restarts.',
    snippet: '${1:pause}:\n  uses: wait/for\n  with:\n    duration: ${2:3d}\n  $0',
  },
  {
    action: 'wait/signal',
    summary: 'An approval, or a callback.',
    snippet: '${1:approve}:\n  uses: wait/signal\n  with:\n    name: ${2:approve}\n    timeout: ${3:24h}\n    on-timeout: ${4|fail,continue|}\n  $0',
  },
  {
    action: 'workflow/run',
    summary: 'A run of another workflow.',
    snippet: '${1:start}:\n  uses: workflow/run\n  with:\n    workflow: ${2:other}\n  $0',
  },
];

/** `foreach` with all that it has to say; the schema can't know that one of `items` and `file` has to be there. */
export const foreachSnippet = 'foreach:\n  items: \\${{ ${1:inputs.list} \\}\\}\n  as: ${2:item}\n  key: \\${{ ${2:item}.${3:id} \\}\\}\n  on-item-failure: ${4|continue,fail|}';

/** One for a list: a job for each item. */
export const foreachTemplate: StepTemplate = {
  action: 'foreach',
  summary: 'One job for each item of a list.',
  snippet:
    '${1:each}:\n  foreach:\n    items: \\${{ ${2:inputs.list} \\}\\}\n    as: ${3:entry}\n    key: \\${{ ${3:entry}.${4:id} \\}\\}\n    on-item-failure: ${5|continue,fail|}\n  uses: http/request\n  with:\n    method: POST\n    url: ${6:https://api.example.com/things}\n    json: \\${{ ${3:entry} \\}\\}\n  $0',
};
