/** Of the project's files, as package.json contributes it. */
export const languageId = 'sluice';
