import type { AnalysedFile } from '../../workflow/analysis/analyse-files.ts';
import { entryOf, type DocumentNode } from '../../workflow/document.ts';
import type { QueueDefinition } from '../../workflow/model.ts';
import type { AdvisedProject, AdvisedQueue, AdvisedWorkflow, LiveQueue } from './advice.ts';

/** A project's files as advice sees them. `live`: what was measured, by queue. */
export function advisedProject(files: Iterable<AnalysedFile>, live?: ReadonlyMap<string, LiveQueue>): AdvisedProject {
  const workflows: AdvisedWorkflow[] = [];
  const queues = new Map<string, AdvisedQueue>();
  for (const one of files) {
    const { path, text } = one.file;
    if (one.kind === 'workflow') {
      const { workflow, steps, document } = one.analysis;
      workflows.push({ path, text, root: document.root, workflow, steps });
      addQueues(queues, path, document.root, Object.values(workflow?.queues ?? {}));
    } else if (one.kind === 'queues') {
      addQueues(queues, path, one.analysis.document.root, one.analysis.value?.values() ?? []);
    }
  }
  return { workflows, queues, ...(live === undefined ? {} : { live }) };
}

/** A queue that is declared twice is an error elsewhere; the first counts. */
function addQueues(queues: Map<string, AdvisedQueue>, path: string, root: DocumentNode | undefined, definitions: Iterable<QueueDefinition>): void {
  const declared = entryOf(root, 'queues')?.value;
  for (const definition of definitions) {
    const entry = entryOf(declared, definition.name);
    if (entry !== undefined && !queues.has(definition.name)) queues.set(definition.name, { path, definition, entry });
  }
}
