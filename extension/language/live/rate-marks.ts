import * as vscode from 'vscode';
import { runAdvice } from '../../../schemas/language/advice/run-advice.ts';
import { advisedProject, type LiveQueue } from '../../../schemas/language/advice/advice.ts';
import type { QueueView } from '../../../schemas/protocol/queue.ts';
import { settings } from '../../base/ids.ts';
import { analysisOf, rangeIn, visibleDocuments, type LiveDocument, type LiveContext } from './live-document.ts';
import { Marks } from './marks.ts';
import { textOf } from '../../wording/language.ts';

const source = 'sluice';
const code = 'rate-out-of-reach';

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
      if (one.code !== code) return [];
      const mark = new vscode.Diagnostic(rangeIn(document, one.range), textOf(one.message), vscode.DiagnosticSeverity.Warning);
      mark.source = source;
      mark.code = code;
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
