/**
 * The program of the language server. In source it stands with the extension, whose server it is as well; in a build it lies in `dist/`
 * beside this module.
 */
export const languageServerUrl: URL = new URL(import.meta.url.endsWith('.ts') ? '../../extension/language/server/main.ts' : './language-server.js', import.meta.url);
