import type { Json } from '../json.ts';
import type { ActionDefinition } from './action-definition.ts';

/** `workflow/run`: a run of another workflow as a step. */
export const workflowRun: ActionDefinition = {
  name: 'workflow/run',
  summary: 'Starts a run of another workflow and waits for its end, without a slot in its queue.',
  input: {
    type: 'object',
    additionalProperties: false,
    required: ['workflow'],
    properties: {
      workflow: { type: 'string', minLength: 1, maxLength: 200, description: "The workflow's id: the name of its file. Not an expression, so that the editor can check the inputs.", examples: ['onboard'] },
      inputs: { type: 'object', description: 'Its inputs, checked against those that it declares.', examples: [{ contact: '${{ item }}' }] },
      wait: {
        type: 'boolean',
        default: true,
        description: 'Whether the step waits for the run. It fails if the run fails, and is reopened with it by a replay. If `false`, it succeeds as soon as the run is started, and its output is `{ run }`.',
      },
    },
  },
  output: { type: 'object', description: "The run's outputs." },
};

/** What the input schema admits. */
export interface WorkflowRunInput {
  readonly workflow: string;
  readonly inputs?: Readonly<Record<string, Json>>;
  readonly wait?: boolean;
}
