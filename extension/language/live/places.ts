import type { SourceRange } from '../../../schemas/workflow/diagnostic.ts';
import { entryOf, type Document, type DocumentNode } from '../../../schemas/workflow/document.ts';
import { workflowIdOf } from '../../../schemas/workflow/analysis/analyse-workflow.ts';
import { projectFileKind } from '../../../schemas/workflow/analysis/analyse-project.ts';

export interface NamedPlace {
  readonly name: string;
  /** Of the name alone. */
  readonly range: SourceRange;
}

/** What of a file has something to show while the daemon runs, and where. */
export interface Places {
  readonly workflow?: NamedPlace;
  readonly steps: readonly NamedPlace[];
  readonly queues: readonly NamedPlace[];
}

/** `path`: from the project's folder, with forward slashes. */
export function placesIn(path: string, { root }: Document): Places {
  const kind = projectFileKind(path);
  const queues = kind === 'workflow' || kind === 'queues' ? namesBelow(root, 'queues') : [];
  if (kind !== 'workflow' || root?.kind !== 'map') return { steps: [], queues };
  const first = entryOf(root, 'name') ?? root.entries[0];
  return {
    ...(first === undefined ? {} : { workflow: { name: workflowIdOf(path), range: first.keyRange } }),
    steps: [...namesBelow(root, 'steps'), ...namesBelow(root, 'on-failure')],
    queues,
  };
}

function namesBelow(root: DocumentNode | undefined, key: string): readonly NamedPlace[] {
  const map = entryOf(root, key)?.value;
  return map?.kind === 'map' ? map.entries.map((entry) => ({ name: entry.key, range: entry.keyRange })) : [];
}
