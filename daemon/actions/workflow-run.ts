import { message } from '../../schemas/wording/message.ts';
import { CodedError } from '../../schemas/protocol/error.ts';
import { workflowRun, type WorkflowRunInput } from '../../schemas/workflow/actions/workflow-run.ts';
import type { JsonObject } from '../../schemas/workflow/json.ts';
import { type Action, type ActionResult, inputValidator, invalidInput, type PreparedRun } from './action.ts';

const validate = inputValidator<WorkflowRunInput>(workflowRun);

/** Reads a workflow as it is in its file now, and checks inputs against it. @throws CodedError */
export type PrepareRun = (workflow: string, inputs: JsonObject) => Promise<PreparedRun>;

/** `workflow/run`: says what run is to be made; the store makes it with the outcome, so that no crash makes two. */
export class WorkflowRunAction implements Action {
  readonly definition = workflowRun;
  readonly #prepare: PrepareRun;

  constructor(prepare: PrepareRun) {
    this.#prepare = prepare;
  }

  async execute(input: JsonObject): Promise<ActionResult> {
    const valid = validate(input);
    if (!valid.ok) return valid.failure;
    const { workflow, inputs = {}, wait = true } = valid.input;
    try {
      return { ok: true, output: {}, wait: { for: 'run', run: await this.#prepare(workflow, inputs), detached: !wait } };
    } catch (error) {
      if (error instanceof CodedError) return invalidInput(error.code.replaceAll('-', ' '), message('{action}: {problem}', { action: 'workflow/run', problem: error.told }));
      throw error;
    }
  }

  async stop(): Promise<void> {}
}
