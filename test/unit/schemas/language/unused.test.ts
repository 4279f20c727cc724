import assert from 'node:assert/strict';
import { DiagnosticTag } from 'vscode-languageserver-types';
import { diagnosticsOf } from '../../../../schemas/language/diagnostics.ts';
import { enclose, main, marked, offsetsOf } from './marked.ts';

const call = 'uses: http/request, with: { url: x }';
const mail = 'uses: email/send, with: { connection: esp, to: a@example.com, subject: x, text: x }';
const queuesFile = '.sluice/queues.yaml';
const connectionsFile = '.sluice/connections.yaml';

/** What is enclosed is unused. */
const cases: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  inputs: { [main]: `inputs: { ⟦one⟧: {}, two: {}, three: {}, four: {} }\nrequired: [one]\nsteps: { a: { if: inputs.two, foreach: { items: "\${{ inputs['three'] }}", on-item-failure: fail }, ${call} } }\non-failure: { b: { uses: http/request, with: { url: "\${{ inputs.four }}" } } }\n` },
  'no inputs where all are taken': { [main]: `inputs: { one: {} }\nsteps: { a: { uses: http/request, with: { url: x, json: "\${{ inputs }}" } } }\n` },
  'no inputs beside an error': { [main]: `inputs: { one: {} }\nsteps: { a: { uses: http/request, with: {} } }\n` },
  queues: { [queuesFile]: 'queues: { shared: {}, ⟦idle⟧: {}, default: {} }\n', [main]: `queues: { own: {}, ⟦left⟧: {} }\nsteps: { a: { queue: own, ${call} }, b: { queue: shared, ${call} }, c: { ${call} } }\n` },
  'no queues beside a file that can not be read': { [queuesFile]: 'queues: { idle: {} }\n', [main]: 'steps: [\n' },
  'no queues without a workflow': { [queuesFile]: 'queues: { idle: {} }\n' },
  connections: { [connectionsFile]: 'connections: { esp: { type: smtp, host: h }, ⟦other⟧: { type: smtp, host: h } }\n', [main]: `steps: { a: { ${mail} } }\n` },
};

describe('what is declared and never used', () => {
  for (const [what, files] of Object.entries(cases)) {
    it(`is found: ${what}`, () => {
      const place = marked(files);
      for (const [path, text] of Object.entries(files)) {
        const found = diagnosticsOf(place.project, path).filter(({ code }) => code === 'unused');
        assert.ok(found.every(({ tags }) => tags?.includes(DiagnosticTag.Unnecessary)));
        assert.equal(enclose(place.project.files.get(path)?.text ?? '', offsetsOf(place, path, found.map(({ range }) => range))), text);
      }
    });
  }
});
