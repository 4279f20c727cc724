import type { ProjectMirrorChange } from '../project/projects.ts';

/** Notices that edits were saved, dropped or sent: of that, neither a run nor a depth tells. */
export class DraftChanges {
  readonly #seen = new Map<string, string>();

  /** Whether dead letters of any queue have other edits than when it was last asked. */
  take({ project, change }: ProjectMirrorChange): boolean {
    let hasChanged = false;
    for (const name of change.all ? project.mirror.queues().map((queue) => queue.name) : change.queues) {
      const drafts = project.mirror.queue(name)?.drafts;
      const now = drafts === undefined ? '' : `${drafts.count} ${drafts.savedAt}`;
      const key = `${project.folder} ${name}`;
      hasChanged ||= now !== (this.#seen.get(key) ?? '');
      this.#seen.set(key, now);
    }
    return hasChanged;
  }
}
