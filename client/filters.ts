import path from 'node:path';
import { noFilters, parseSavedFilters, type SavedFilter, type SavedFilters, savedFiltersName, withFilter, withoutFilter } from '../schemas/protocol/saved-filters.ts';
import { DocumentFile } from './document-file.ts';
import { documentLockFile } from './document-lock.ts';

/** The filters that people saved for the jobs and dead letters of a project, in its `.sluice/filters.json`. */
export class FilterList {
  readonly #file: DocumentFile<SavedFilters>;

  /** `projectFolder`: absolute. */
  constructor(projectFolder: string) {
    this.#file = new DocumentFile({ file: path.join(projectFolder, '.sluice', savedFiltersName), parse: parseSavedFilters, empty: noFilters, belongsTo: 'project', lockFile: documentLockFile() });
  }

  /** By name. @throws ClientError `bad-document`, the error of the file system */
  async all(): Promise<readonly SavedFilter[]> {
    return (await this.#file.read()).filters;
  }

  /** Takes the place of one of the same name. @throws as `all` */
  async save(filter: SavedFilter): Promise<void> {
    await this.#file.update((list) => withFilter(list, filter));
  }

  /** @throws as `all` */
  async delete(name: string): Promise<void> {
    await this.#file.update((list) => withoutFilter(list, name));
  }
}
