/** What is wrong with a file of items, and where in it; the rest of a sentence that begins with the file's name and a colon. */
export class ItemFileError extends Error {
  override readonly name = 'ItemFileError';
}
