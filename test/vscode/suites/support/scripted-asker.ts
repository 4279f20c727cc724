import type * as vscode from 'vscode';
import type { Prompter, Confirmation } from '../../../../extension/ask/prompter.ts';

/** What a person would do when asked: choose by the beginning of a label, type, take or refuse. */
export type Answer =
  | { readonly pick: string }
  | { readonly tick: readonly string[] }
  | { readonly type: string }
  | { readonly file: string }
  | { readonly confirm: boolean }
  /** The verb of a button. */
  | { readonly decide: string }
  /** Escape. */
  | 'give up';

/** Answers in a person's place, one after the other, and keeps what was asked and told. What was not expected is an error. */
export class ScriptedAsker implements Prompter {
  readonly asked: string[] = [];
  /** Of what was offered to choose from. */
  readonly titles: string[] = [];
  readonly offered: (readonly string[])[] = [];
  readonly confirmations: Confirmation[] = [];
  readonly told: string[] = [];
  readonly #answers: Answer[];
  /** What is chosen when something is told with this action. */
  readonly #takes: string | undefined;

  constructor(answers: readonly Answer[] = [], { takes }: { readonly takes?: string } = {}) {
    this.#answers = [...answers];
    this.#takes = takes;
  }

  /** What was expected to be asked and wasn't. */
  get left(): readonly Answer[] {
    return this.#answers;
  }

  async pick<T extends vscode.QuickPickItem>(items: readonly T[] | Promise<readonly T[]>, options: vscode.QuickPickOptions): Promise<T | undefined> {
    const all = await items;
    this.titles.push(options.title ?? '');
    const answer = this.#next(options.placeHolder ?? options.title ?? '', all);
    if (answer === 'give up') return undefined;
    if (!('pick' in answer)) throw new Error(`"${this.#last}" offers a choice; the test answers ${JSON.stringify(answer)}`);
    return this.#find(all, answer.pick);
  }

  async pickMany<T extends vscode.QuickPickItem>(items: readonly T[], options: vscode.QuickPickOptions): Promise<readonly T[] | undefined> {
    const answer = this.#next(options.placeHolder ?? options.title ?? '', items);
    if (answer === 'give up') return undefined;
    if (!('tick' in answer)) throw new Error(`"${this.#last}" offers boxes to tick; the test answers ${JSON.stringify(answer)}`);
    return answer.tick.map((label) => this.#find(items, label));
  }

  async input(options: vscode.InputBoxOptions): Promise<string | undefined> {
    const answer = this.#next(options.prompt ?? options.title ?? '');
    if (answer === 'give up') return undefined;
    if (!('type' in answer)) throw new Error(`"${this.#last}" wants a text; the test answers ${JSON.stringify(answer)}`);
    const problem = await options.validateInput?.(answer.type);
    if (problem !== undefined && problem !== null && problem !== '') throw new Error(`"${answer.type}" is refused: ${typeof problem === 'string' ? problem : problem.message}`);
    return answer.type;
  }

  async file(options: vscode.OpenDialogOptions): Promise<Pick<vscode.Uri, 'fsPath'> | undefined> {
    const answer = this.#next(options.title ?? '');
    if (answer === 'give up') return undefined;
    if (!('file' in answer)) throw new Error(`"${this.#last}" wants a file; the test answers ${JSON.stringify(answer)}`);
    return { fsPath: answer.file };
  }

  async saveFile(options: vscode.SaveDialogOptions): Promise<Pick<vscode.Uri, 'fsPath'> | undefined> {
    return this.file({ ...(options.title === undefined ? {} : { title: options.title }) });
  }

  async decide(confirmation: Confirmation, ...otherVerbs: readonly string[]): Promise<string | undefined> {
    this.confirmations.push(confirmation);
    const answer = this.#next(confirmation.question);
    if (answer === 'give up') return undefined;
    const verbs = [confirmation.verb, ...otherVerbs];
    if (!('decide' in answer) || !verbs.includes(answer.decide)) throw new Error(`"${this.#last}" offers ${verbs.join(' and ')}; the test answers ${JSON.stringify(answer)}`);
    return answer.decide;
  }

  async confirm(confirmation: Confirmation): Promise<boolean> {
    this.confirmations.push(confirmation);
    const answer = this.#next(confirmation.question);
    if (answer === 'give up') return false;
    if (!('confirm' in answer)) throw new Error(`"${this.#last}" wants a yes; the test answers ${JSON.stringify(answer)}`);
    return answer.confirm;
  }

  async tell(_severity: 'information' | 'warning' | 'error', message: string, ...actions: readonly string[]): Promise<string | undefined> {
    this.told.push(message);
    return actions.find((action) => action === this.#takes);
  }

  get #last(): string {
    return this.asked.at(-1) ?? '';
  }

  #next(question: string, items: readonly vscode.QuickPickItem[] = []): Answer {
    this.asked.push(question);
    this.offered.push(items.map(({ label }) => label));
    const answer = this.#answers.shift();
    if (answer === undefined) throw new Error(`nobody expected to be asked: ${question}`);
    return answer;
  }

  #find<T extends vscode.QuickPickItem>(items: readonly T[], label: string): T {
    const plain = items.map((item) => ({ item, text: item.label.replace(/^\$\([a-z~-]+\) /, '') }));
    const found = (plain.find(({ text }) => text === label) ?? plain.find(({ text }) => text.startsWith(label)))?.item;
    if (found === undefined) throw new Error(`"${this.#last}" offers no "${label}", but ${items.map((item) => item.label).join(', ')}`);
    return found;
  }
}
