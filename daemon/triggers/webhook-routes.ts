import { versionOf } from '../engine/workflow-versions.ts';
import type { ProjectAnalysis } from '../../schemas/workflow/analysis/analyse-project.ts';
import type { Workflow } from '../../schemas/workflow/model.ts';
import type { WebhookTrigger } from '../../schemas/workflow/triggers/webhook-trigger.ts';

/** What a path below `/hooks/` leads to. */
export interface WebhookRoute {
  readonly workflow: Workflow;
  readonly trigger: WebhookTrigger;
  readonly text: string;
  /** Content hash of `text`. */
  readonly version: string;
}

/** The webhooks of the project's workflows, as its files are now. */
export class WebhookRoutes {
  readonly #analysis: () => ProjectAnalysis;
  #of: ProjectAnalysis | undefined;
  #routes: ReadonlyMap<string, WebhookRoute> = new Map();
  /** The files of paths that have been routes. */
  readonly #files = new Map<string, string>();

  constructor(analysis: () => ProjectAnalysis) {
    this.#analysis = analysis;
  }

  get all(): ReadonlyMap<string, WebhookRoute> {
    const analysis = this.#analysis();
    if (analysis === this.#of) return this.#routes;
    const routes = new Map<string, WebhookRoute>();
    for (const { workflow, text, path: file } of analysis.workflows.values()) {
      const trigger = workflow.triggers.webhook;
      if (trigger === undefined) continue;
      routes.set(trigger.path, { workflow, trigger, text, version: versionOf(text) });
      this.#files.set(trigger.path, file);
    }
    this.#of = analysis;
    this.#routes = routes;
    return routes;
  }

  /** `broken`: the path was a webhook of a file that has errors now, perhaps because somebody edits it. */
  find(path: string): WebhookRoute | 'broken' | undefined {
    const found = this.all.get(path);
    if (found !== undefined) return found;
    const file = this.#files.get(path);
    const diagnostics = file === undefined ? undefined : this.#analysis().diagnostics.get(file);
    return diagnostics?.some(({ severity }) => severity === 'error') === true ? 'broken' : undefined;
  }
}
