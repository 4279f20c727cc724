import { versionOf } from '../engine/workflow-versions.ts';
import type { ProjectAnalysis } from '../../schemas/workflow/analysis/analyse-project.ts';
import { makesLink } from '../../schemas/workflow/expression/expression.ts';
import type { Workflow } from '../../schemas/workflow/model.ts';
import { expressionsOf } from '../../schemas/workflow/template.ts';
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
  #hasSignals = false;
  /** The files of paths that have been routes. */
  readonly #files = new Map<string, string>();

  constructor(analysis: () => ProjectAnalysis) {
    this.#analysis = analysis;
  }

  get all(): ReadonlyMap<string, WebhookRoute> {
    this.#look();
    return this.#routes;
  }

  #look(): void {
    const analysis = this.#analysis();
    if (analysis === this.#of) return;
    const routes = new Map<string, WebhookRoute>();
    this.#hasSignals = false;
    for (const { workflow, text, path: file } of analysis.workflows.values()) {
      if (hasSignals(workflow)) this.#hasSignals = true;
      const trigger = workflow.triggers.webhook;
      if (trigger === undefined) continue;
      routes.set(trigger.path, { workflow, trigger, text, version: versionOf(text) });
      this.#files.set(trigger.path, file);
    }
    this.#of = analysis;
    this.#routes = routes;
  }

  /** Whether links may be under way by which somebody answers. */
  get hasSignals(): boolean {
    this.#look();
    return this.#hasSignals;
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

function hasSignals({ steps, onFailure }: Workflow): boolean {
  return Object.values({ ...steps, ...onFailure }).some(({ uses, with: input }) => uses === 'wait/signal' || expressionsOf(input).some(makesLink));
}
