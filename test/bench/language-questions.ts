import {
  CodeActionRequest,
  CompletionRequest,
  DefinitionRequest,
  DocumentFormattingRequest,
  DocumentHighlightRequest,
  DocumentLinkRequest,
  DocumentSymbolRequest,
  FoldingRangeRequest,
  HoverRequest,
  InlayHintRequest,
  PrepareRenameRequest,
  ReferencesRequest,
  RenameRequest,
  SelectionRangeRequest,
  SignatureHelpRequest,
} from 'vscode-languageserver/node';
import type { LanguageBench } from '../support/language-bench.ts';

/** One kind of question that an editor has, asked of a file at places where the answer is some work. */
export type Question = (bench: LanguageBench, file: string) => Promise<unknown>;

/** All that the server answers, by what a reader calls it. Each looks in the middle of the file, where a person is at work. */
export const questions: Readonly<Record<string, Question>> = {
  'completion of keys': async (bench, file) => bench.client.sendRequest(CompletionRequest.type, placeOf(bench, file, '    queue:')),
  'completion of names': async (bench, file) => bench.client.sendRequest(CompletionRequest.type, placeOf(bench, file, 'people\n')),
  'completion within an expression': async (bench, file) => bench.client.sendRequest(CompletionRequest.type, placeOf(bench, file, 'person.email }}"')),
  'hover of a key': async (bench, file) => bench.client.sendRequest(HoverRequest.type, placeOf(bench, file, 'queue:')),
  'hover of an expression': async (bench, file) => bench.client.sendRequest(HoverRequest.type, placeOf(bench, file, 'email }}"')),
  'signature help': async (bench, file) => bench.client.sendRequest(SignatureHelpRequest.type, placeOf(bench, file, 'person.name')),
  definition: async (bench, file) => bench.client.sendRequest(DefinitionRequest.type, placeOf(bench, file, 'people\n')),
  // Of what every step uses.
  references: async (bench, file) => bench.client.sendRequest(ReferencesRequest.type, { ...placeOf(bench, file, 'list }}'), context: { includeDeclaration: true } }),
  'document highlight': async (bench, file) => bench.client.sendRequest(DocumentHighlightRequest.type, placeOf(bench, file, 'list }}')),
  'prepare rename': async (bench, file) => bench.client.sendRequest(PrepareRenameRequest.type, placeOf(bench, file, 'list }}')),
  rename: async (bench, file) => bench.client.sendRequest(RenameRequest.type, { ...placeOf(bench, file, 'list }}'), newName: 'people_of_today' }),
  'code actions': async (bench, file) => bench.client.sendRequest(CodeActionRequest.type, { textDocument: documentOf(bench, file), range: everything, context: { diagnostics: [] } }),
  'fix all': async (bench, file) => bench.client.sendRequest(CodeActionRequest.type, { textDocument: documentOf(bench, file), range: everything, context: { diagnostics: [], only: ['source.fixAll'] } }),
  'document symbols': async (bench, file) => bench.client.sendRequest(DocumentSymbolRequest.type, { textDocument: documentOf(bench, file) }),
  folding: async (bench, file) => bench.client.sendRequest(FoldingRangeRequest.type, { textDocument: documentOf(bench, file) }),
  'selection range': async (bench, file) => bench.client.sendRequest(SelectionRangeRequest.type, { textDocument: documentOf(bench, file), positions: [placeOf(bench, file, 'email }}"').position] }),
  'document links': async (bench, file) => bench.client.sendRequest(DocumentLinkRequest.type, { textDocument: documentOf(bench, file) }),
  'inlay hints': async (bench, file) => bench.client.sendRequest(InlayHintRequest.type, { textDocument: documentOf(bench, file), range: everything }),
  formatting: async (bench, file) => bench.client.sendRequest(DocumentFormattingRequest.type, { textDocument: documentOf(bench, file), options: { tabSize: 2, insertSpaces: true } }),
};

const everything = { start: { line: 0, character: 0 }, end: { line: 100_000, character: 0 } };

function documentOf(bench: LanguageBench, file: string): { readonly uri: string } {
  return { uri: bench.uri(file) };
}

/** Where a text begins, at or behind the middle of the file. */
function placeOf(bench: LanguageBench, file: string, text: string): ReturnType<LanguageBench['at']> {
  const whole = bench.textOf(file);
  const before = whole.slice(0, whole.indexOf(text, Math.floor(whole.length / 2))).split('\n');
  return bench.at(file, { line: before.length - 1, character: before.at(-1)?.length ?? 0 });
}
