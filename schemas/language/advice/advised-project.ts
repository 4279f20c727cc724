import type { AnalysedFile } from '../../workflow/analysis/analyse-files.ts';
import { entryOf, type DocumentNode } from '../../workflow/document.ts';
import type { QueueDefinition } from '../../workflow/model.ts';
import type { AdvisedConnection, AdvisedProject, AdvisedQueue, AdvisedWorkflow, LiveQueue } from './advice.ts';

/** A project's files as advice sees them. `live`: what was measured, by queue. */
export function advisedProject(files: Iterable<AnalysedFile>, live?: ReadonlyMap<string, LiveQueue>): AdvisedProject {
  const workflows: AdvisedWorkflow[] = [];
  const queues = new Map<string, AdvisedQueue>();
  const connections = new Map<string, AdvisedConnection>();
  for (const one of files) {
    const { path, text } = one.file;
    if (one.kind === 'workflow') {
      const { workflow, steps, document } = one.analysis;
      workflows.push({ path, text, root: document.root, workflow, steps });
      addQueues(queues, path, document.root, Object.values(workflow?.queues ?? {}));
    } else if (one.kind === 'queues') {
      addQueues(queues, path, one.analysis.document.root, one.analysis.value?.values() ?? []);
    } else if (one.kind === 'connections') {
      const declared = entryOf(one.analysis.document.root, 'connections')?.value;
      for (const entry of declared?.kind === 'map' ? declared.entries : []) connections.set(entry.key, { path, entry });
    }
  }
  return { workflows, queues, connections, ...(live === undefined ? {} : { live }) };
}

/** A queue that is declared twice is an error elsewhere; the first counts. */
function addQueues(queues: Map<string, AdvisedQueue>, path: string, root: DocumentNode | undefined, definitions: Iterable<QueueDefinition>): void {
  const declared = entryOf(root, 'queues')?.value;
  for (const definition of definitions) {
    const entry = entryOf(declared, definition.name);
    if (entry !== undefined && !queues.has(definition.name)) queues.set(definition.name, { path, definition, entry });
  }
}
