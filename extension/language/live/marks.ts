import * as vscode from 'vscode';
import { commands, languageId, settings, views } from '../../base/ids.ts';
import { workflowIdOf } from '../../../schemas/workflow/analysis/analyse-workflow.ts';
import type { Target } from '../../base/target.ts';
import { stepFailureText } from '../../wording/run.ts';
import type { LastRuns } from './last-runs.ts';
import { type LiveDocument, rangeIn, visibleDocuments, type LiveContext, analysisOf } from './live-document.ts';
import { say, textOf } from '../../wording/language.ts';
import { runAdvice } from '../../../schemas/language/advice/run-advice.ts';
import { advisedProject, type LiveQueue } from '../../../schemas/language/advice/advice.ts';
import type { QueueView } from '../../../schemas/protocol/queue.ts';

/** Diagnostics of documents, drawn again only where something is otherwise than before: each setting of them makes the editor draw. */
class Marks<Mark extends vscode.Diagnostic> implements vscode.Disposable {
  readonly #collection: vscode.DiagnosticCollection;
  readonly #shown = new Map<string, { readonly text: string; readonly marks: readonly Mark[] }>();
  readonly #closing: vscode.Disposable;

  /** @param name tells the collection from others; nobody sees it */
  constructor(name: string) {
    this.#collection = vscode.languages.createDiagnosticCollection(name);
    this.#closing = vscode.workspace.onDidCloseTextDocument(({ uri }) => this.set(uri, []));
  }

  set(uri: vscode.Uri, marks: readonly Mark[]): void {
    const key = uri.toString();
    const text = marks.map(({ range, message }) => `${range.start.line}:${range.start.character} ${message}`).join('\n');
    if ((this.#shown.get(key)?.text ?? '') === text) return;
    if (text === '') this.#shown.delete(key);
    else this.#shown.set(key, { text, marks });
    this.#collection.set(uri, marks);
  }

  of(uri: vscode.Uri): readonly Mark[] {
    return this.#shown.get(uri.toString())?.marks ?? [];
  }

  dispose(): void {
    this.#closing.dispose();
    this.#collection.dispose();
  }
}

const source = 'sluice run';

/** A failure at the line of its step, with what it is about. */
class FailureMark extends vscode.Diagnostic {
  readonly target: Target;

  constructor(range: vscode.Range, message: string, target: Target) {
    super(range, message, vscode.DiagnosticSeverity.Warning);
    this.source = source;
    this.code = 'failed';
    this.target = target;
  }
}

/** What failed in the last run of a workflow, at the step's line, as long as that is its last run and its dead letters are there. */
export class FailureMarks implements vscode.CodeActionProvider {
  readonly #context: LiveContext;
  readonly #lastRuns: LastRuns;
  readonly #marks = new Marks<FailureMark>(source);

  constructor(context: LiveContext, lastRuns: LastRuns) {
    this.#context = context;
    this.#lastRuns = lastRuns;
  }

  register(): void {
    this.#context.subscriptions.push(
      this.#marks,
      vscode.languages.registerCodeActionsProvider({ language: languageId, scheme: 'file' }, this, { providedCodeActionKinds: [vscode.CodeActionKind.QuickFix] }),
    );
  }

  refresh(): void {
    const isOn = vscode.workspace.getConfiguration(settings.section).get<boolean>(settings.failureDiagnostics, true);
    for (const live of visibleDocuments(this.#context)) this.#marks.set(live.document.uri, isOn ? this.#marksOf(live) : []);
  }

  provideCodeActions(document: vscode.TextDocument, range: vscode.Range): vscode.CodeAction[] {
    return this.#marks
      .of(document.uri)
      .filter((mark) => mark.range.intersection(range) !== undefined)
      .flatMap((mark) => [
        action(mark, say('Open a dead letter of this step'), { command: commands.openFailure, arguments: [mark.target] }),
        action(mark, say('Show all dead letters'), { command: `${views.deadLetters}.focus` }),
      ]);
  }

  #marksOf({ document, project, places, path }: LiveDocument): readonly FailureMark[] {
    const lastRun = project.daemon === undefined ? undefined : this.#lastRuns.get(project, workflowIdOf(path));
    if (lastRun === undefined) return [];
    return places.steps.flatMap(({ name, range }) => {
      const step = lastRun.steps.find(({ id }) => id === name);
      const text = step === undefined ? undefined : stepFailureText(lastRun.id, step);
      return text === undefined ? [] : [new FailureMark(rangeIn(document, range), text, { folder: project.folder, run: lastRun.id, step: name })];
    });
  }
}

function action(mark: vscode.Diagnostic, title: string, command: Omit<vscode.Command, 'title'>): vscode.CodeAction {
  const made = new vscode.CodeAction(title, vscode.CodeActionKind.QuickFix);
  made.diagnostics = [mark];
  made.command = { title, ...command };
  return made;
}

const adviceSource = 'sluice';
const adviceCode = 'rate-out-of-reach';

/** The advice that needs measured times; all other advice comes from the language server. */
export class RateMarks {
  readonly #context: LiveContext;
  readonly #marks = new Marks('sluice rates');

  constructor(context: LiveContext) {
    this.#context = context;
  }

  register(): void {
    this.#context.subscriptions.push(this.#marks);
  }

  refresh(): void {
    const isOn = vscode.workspace.getConfiguration(settings.section).get<boolean>(settings.failureDiagnostics, true);
    for (const live of visibleDocuments(this.#context)) this.#marks.set(live.document.uri, isOn ? this.#marksOf(live) : []);
  }

  #marksOf(shown: LiveDocument): readonly vscode.Diagnostic[] {
    const { document, project, places, path } = shown;
    if (project.daemon === undefined || places.queues.length === 0) return [];
    const live = new Map(places.queues.flatMap(({ name }) => { const figures = figuresOf(project.mirror.queue(name)); return figures === undefined ? [] : [[name, figures] as const]; }));
    if (live.size === 0) return [];
    const file = analysisOf(shown);
    return (runAdvice(advisedProject(file === undefined ? [] : [file], live)).get(path) ?? []).flatMap((one) => {
      if (one.code !== adviceCode) return [];
      const mark = new vscode.Diagnostic(rangeIn(document, one.range), textOf(one.message), vscode.DiagnosticSeverity.Warning);
      mark.source = adviceSource;
      mark.code = adviceCode;
      return [mark];
    });
  }
}

/** Of the last five minutes. What a person has set by hand is not what the file says, so nothing is said about the file then. */
function figuresOf(queue: QueueView | undefined): LiveQueue | undefined {
  if (queue?.running === undefined || queue.overrides.rate !== undefined || queue.overrides.concurrency !== undefined) return undefined;
  const ended = (queue.throughputPerMinute * 5) / Math.max(0.01, 1 - queue.failureRate);
  // Rounded to two digits: a mean that moves by a few milliseconds is not news.
  return { attemptMs: Number(queue.running.meanMs.toPrecision(2)), attempts: Math.round(ended) };
}
