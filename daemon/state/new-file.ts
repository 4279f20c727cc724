import { lstat, realpath } from 'node:fs/promises';
import path from 'node:path';
import { notRegular } from '../../platform/place-file.ts';
import { CodedError } from '../../schemas/protocol/error.ts';
import { message, sentences } from '../../schemas/wording/message.ts';

/**
 * Where somebody wants a new file of a project, checked before anything is written. Links on the way to the folder are followed once, here, so that the file is written where it was checked.
 *
 * @throws CodedError `invalid-params`, or `conflict` if the file exists and isn't to be replaced
 */
export async function newFileOf(file: string, { overwrite = false, projectFolder }: { readonly overwrite?: boolean; readonly projectFolder: string }): Promise<string> {
  if (!path.isAbsolute(file) || file.includes('\0')) throw new CodedError('invalid-params', message('{file} must be an absolute path.', { file }));
  const folder = await realpath(path.dirname(file)).catch(() => undefined);
  if (folder === undefined) throw new CodedError('invalid-params', message('There is no folder {folder}, so {file} can not be written.', { folder: path.dirname(file), file }));
  const target = path.join(folder, path.basename(file));
  const state = await realpath(path.join(projectFolder, '.sluice', 'state'));
  if (target === state || folder === state || folder.startsWith(`${state}${path.sep}`)) throw new CodedError('invalid-params', message('{file} is in the folder in which the daemon keeps its state. Choose another folder.', { file }));
  const present = await lstat(target).catch(() => undefined);
  if (present !== undefined) {
    if (!present.isFile()) throw new CodedError('invalid-params', notRegular(file));
    if (!overwrite) throw new CodedError('conflict', sentences(message('The file {file} exists already.', { file }), message('Nothing was written.')));
  }
  return target;
}
