/** A workflow to begin with. */
export interface WorkflowTemplate {
  readonly id: string;
  readonly title: string;
  /** One sentence: what it does. */
  readonly summary: string;
  /** The workflow's text; its queues bear the workflow's id in their names, so that they are the project's only ones of that name. */
  readonly text: (workflow: { readonly id: string; readonly name: string }) => string;
  /** Names of connections that it sends through. */
  readonly connections: readonly string[];
}
