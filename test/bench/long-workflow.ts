/** Files around {@link longWorkflow}, by path. */
export const filesAround = {
  '.sluice/queues.yaml': 'queues:\n  people: { rate: 100/min }\n  esp: { rate: 1000/min }\n',
  '.sluice/connections.yaml': 'connections:\n  esp: { type: smtp, host: smtp.example.com }\n',
} as const;

/** A workflow of many steps, as they are written by people: about ten lines each. */
export function longWorkflow(lines: number): string {
  const parts = ['name: Bench', 'inputs:', '  list: { type: array, items: { type: object, required: [email], properties: { email: { type: string }, name: { type: string } } } }', '  dry: { type: boolean, default: false }', 'steps:'];
  for (let index = 0; parts.length < lines - 12; index += 1) {
    parts.push(
      `  look_up_${index}:`,
      '    queue: people',
      ...(index === 0 ? [] : [`    needs: [look_up_${index - 1}]`]),
      '    if: ${{ !inputs.dry }}',
      '    foreach: { items: "${{ inputs.list }}", as: person, key: "${{ person.email }}", on-item-failure: continue, tolerate: 2% }',
      '    uses: http/request',
      '    with:',
      '      url: https://api.example.com/people/${{ person.email }}',
      '      headers: { authorization: "Bearer ${{ secrets.PEOPLE_API }}" }',
      '      query: { name: "${{ default(person.name, \'nobody\') }}" }',
      ...(index === 0 ? [] : [`      expect: [200, 404] # as look_up_${index - 1}`]),
    );
  }
  return `${parts.join('\n')}\n`;
}
