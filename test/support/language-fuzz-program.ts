/** A thread that asks a language server all there is to ask about one text after another, and answers with the faults. */
import { parentPort } from 'node:worker_threads';
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
  LSPErrorCodes,
  PrepareRenameRequest,
  ReferencesRequest,
  RenameRequest,
  ResponseError,
  SelectionRangeRequest,
  SignatureHelpRequest,
} from 'vscode-languageserver/node';
import { LanguageBench } from './language-bench.ts';

/** What is asked about: a text, and where in it the cursor stands. */
export interface FuzzedText {
  readonly text: string;
  readonly offset: number;
}

const file = '.sluice/workflows/fuzz.yaml';
const bench = await LanguageBench.start();
await bench.open(file, '');

async function faultsOf({ text, offset }: FuzzedText): Promise<readonly string[]> {
  await bench.replace(file, text);
  const lines = text.slice(0, offset).split('\n');
  const place = bench.at(file, { line: lines.length - 1, character: lines.at(-1)?.length ?? 0 });
  const { textDocument, position } = place;
  const { client } = bench;
  const range = { start: position, end: position };
  const whole = { start: { line: 0, character: 0 }, end: { line: lines.length + 1_000_000, character: 0 } };
  await Promise.all([
    client.sendRequest(CompletionRequest.type, place),
    client.sendRequest(HoverRequest.type, place),
    client.sendRequest(SignatureHelpRequest.type, place),
    client.sendRequest(DefinitionRequest.type, place),
    client.sendRequest(ReferencesRequest.type, { ...place, context: { includeDeclaration: true } }),
    client.sendRequest(DocumentHighlightRequest.type, place),
    orRefused(client.sendRequest(PrepareRenameRequest.type, place)),
    orRefused(client.sendRequest(RenameRequest.type, { ...place, newName: 'renamed' })),
    client.sendRequest(DocumentLinkRequest.type, { textDocument }),
    client.sendRequest(DocumentSymbolRequest.type, { textDocument }),
    client.sendRequest(FoldingRangeRequest.type, { textDocument }),
    client.sendRequest(SelectionRangeRequest.type, { textDocument, positions: [position] }),
    client.sendRequest(InlayHintRequest.type, { textDocument, range: whole }),
    client.sendRequest(CodeActionRequest.type, { textDocument, range, context: { diagnostics: [] } }),
    client.sendRequest(CodeActionRequest.type, { textDocument, range: whole, context: { diagnostics: [], only: ['source.fixAll'] } }),
    client.sendRequest(DocumentFormattingRequest.type, { textDocument, options: { tabSize: 2, insertSpaces: true } }),
    bench.diagnostics(file),
  ]);
  return bench.faults;
}

/** What can't be renamed is refused, with a reason. */
async function orRefused(answer: Promise<unknown>): Promise<unknown> {
  return answer.catch((error: unknown) => {
    if (error instanceof ResponseError && error.code === LSPErrorCodes.RequestFailed) return undefined;
    throw error;
  });
}

parentPort?.on('message', (fuzzed: FuzzedText) => {
  void faultsOf(fuzzed).then((faults) => parentPort?.postMessage(faults), (error: unknown) => parentPort?.postMessage([String(error)]));
});
parentPort?.postMessage('ready');
