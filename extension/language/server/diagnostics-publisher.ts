import type { Diagnostic, PublishDiagnosticsParams } from 'vscode-languageserver/node';
import type { LanguageProject } from '../../../schemas/language/language-project.ts';
import { limits } from './limits.ts';
import type { Unit } from './workspace.ts';

/** Runs something after a time, in milliseconds; what it returns calls it off. */
export type Delay = (run: () => void, delayMs: number) => () => void;

export interface DiagnosticsPublisherOptions {
  readonly publish: (params: PublishDiagnosticsParams) => void;
  /** What is wrong with a file of a project, and what is advised about it. */
  readonly diagnose: (project: LanguageProject, path: string) => readonly Diagnostic[];
  /** Of an open document; undefined for a file that nobody has open. */
  readonly versionOf: (uri: string) => number | undefined;
  readonly delay: Delay;
  readonly nowMs: () => number;
  readonly onFault: (error: unknown) => void;
}

/** What is in the editor's list for one unit. */
interface UnitState {
  /** What was published last, as JSON, by URI. */
  readonly published: Map<string, string>;
  /** Counts changes: diagnostics of an older state are dropped. */
  change: number;
  callOff: () => void;
  /** How long the last ones took, in milliseconds. */
  tookMs: number;
}

/**
 * Publishes the diagnostics of every file of a project some time after a change to any of them, and only those that differ from what
 * is shown. The wait is as long as the work took last time: short files answer immediately, long ones don't hold up typing.
 */
export class DiagnosticsPublisher {
  readonly #options: DiagnosticsPublisherOptions;
  readonly #units = new Map<string, UnitState>();

  constructor(options: DiagnosticsPublisherOptions) {
    this.#options = options;
  }

  /** Something of the unit has changed. */
  touch(unit: Unit): void {
    const state = this.#units.get(unit.id) ?? { published: new Map(), change: 0, callOff: () => undefined, tookMs: 0 };
    this.#units.set(unit.id, state);
    state.change += 1;
    state.callOff();
    const delayMs = Math.min(limits.longestDelayMs, Math.max(limits.shortestDelayMs, state.tookMs));
    state.callOff = this.#options.delay(() => void this.#run(unit, state).catch(this.#options.onFault), delayMs);
  }

  /** Nothing is waiting. */
  stop(): void {
    for (const state of this.#units.values()) state.callOff();
    this.#units.clear();
  }

  async #run(unit: Unit, state: UnitState): Promise<void> {
    const { change } = state;
    const isStale = (): boolean => state.change !== change;
    const project = await unit.look();
    if (isStale()) return;
    if (project === undefined) {
      this.#units.delete(unit.id);
      for (const uri of state.published.keys()) this.#publish(state, uri, []);
      return;
    }
    const startedAtMs = this.#options.nowMs();
    const uris = new Set<string>();
    for (const path of project.files.keys()) {
      const uri = project.uriOf(path);
      uris.add(uri);
      this.#publish(state, uri, this.#options.diagnose(project, path));
    }
    for (const uri of state.published.keys()) if (!uris.has(uri)) this.#publish(state, uri, []);
    state.tookMs = this.#options.nowMs() - startedAtMs;
  }

  /** Files without findings are not mentioned until they have had some, but open ones are: their version says that they were looked at. */
  #publish(state: UnitState, uri: string, diagnostics: readonly Diagnostic[]): void {
    const version = this.#options.versionOf(uri);
    const content = JSON.stringify([version, diagnostics]);
    const shown = state.published.get(uri);
    if (shown === content || (shown === undefined && version === undefined && diagnostics.length === 0)) return;
    if (version === undefined && diagnostics.length === 0) state.published.delete(uri);
    else state.published.set(uri, content);
    this.#options.publish({ uri, diagnostics: [...diagnostics], ...(version === undefined ? {} : { version }) });
  }
}
