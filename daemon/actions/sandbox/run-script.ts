import { newQuickJSWASMModuleFromVariant, type QuickJSContext, type QuickJSHandle, type QuickJSRuntime, type QuickJSSyncVariant, type QuickJSWASMModule } from 'quickjs-emscripten-core';
import quickjs from '@jitl/quickjs-wasmfile-release-sync';
import { maxResultBytes, scriptMemoryBytes, type SandboxFault, type SandboxReply, type SandboxTask } from './sandbox-task.ts';
import { jsonataLibrary, jsonataModule } from './jsonata-module.ts';
import { scriptPrelude } from './script-prelude.ts';

/** QuickJS counts its own stack; more than this, and that of the machine below it is used up first. In bytes. */
const stackBytes = 131_072;
/** For the description of an error, when the time or the memory of a script is used up. */
const afterwardsMs = 200;
const afterwardsBytes = 4 * 1024 * 1024;
/** Of what a script logs: lines, and characters together. */
const maxLogLines = 100;
const maxLogLength = 16_384;
/** Jobs of promises between two looks at the time. */
const promiseJobs = 1000;
const fileName = 'script';

/** The package's types are those of its CommonJS form, in which this would be one level deeper. */
const variant = quickjs as unknown as QuickJSSyncVariant;

let loading: Promise<QuickJSWASMModule> | undefined;

/** Runs a script once, in a runtime of its own: one that has run out of memory can't be used again. Never rejects. */
export async function runScript(task: SandboxTask, input: string): Promise<{ readonly reply: SandboxReply; readonly result?: string }> {
  const log = new ScriptLog();
  try {
    loading ??= newQuickJSWASMModuleFromVariant(variant);
    const run = new ScriptRun(await loading, task, log);
    const { fault, result } = run.run(input);
    const isSpent = run.isSpent ? { isSpent: true as const } : {};
    return result === undefined ? { reply: { ok: false, fault, log: log.lines, ...isSpent } } : { reply: { ok: true, log: log.lines, ...isSpent }, result };
  } catch (error) {
    // The stack of the machine ran out within the engine, or the engine gave up: nothing of it can be used again.
    const fault: SandboxFault = error instanceof RangeError ? { kind: 'depth' } : { kind: 'broken', text: error instanceof Error ? error.message : String(error) };
    return { reply: { ok: false, fault, log: log.lines, isSpent: true } };
  }
}

class ScriptLog {
  readonly lines: string[] = [];
  #length = 0;

  add(line: string): void {
    if (this.lines.length > maxLogLines || this.#length > maxLogLength) return;
    this.#length += line.length;
    this.lines.push(this.lines.length === maxLogLines || this.#length > maxLogLength ? '…' : line);
  }
}

type Ending = { readonly result: string; readonly fault?: never } | { readonly result?: never; readonly fault: SandboxFault };

/** Something thrown within the realm. Owns its handle. */
class Thrown extends Error {
  readonly handle: QuickJSHandle;

  constructor(handle: QuickJSHandle) {
    super('thrown by a script');
    this.handle = handle;
  }
}

class ScriptRun {
  /** The process has to end: it holds more memory than it needs, or the engine is in doubt. */
  isSpent = false;
  readonly #task: SandboxTask;
  readonly #runtime: QuickJSRuntime;
  readonly #context: QuickJSContext;
  readonly #log: ScriptLog;
  /** Of the script: what is made for it before doesn't count. */
  #endsAtMs = Infinity;
  #isOverdue = false;

  constructor(module: QuickJSWASMModule, task: SandboxTask, log: ScriptLog) {
    this.#task = task;
    this.#log = log;
    this.#runtime = module.newRuntime();
    this.#runtime.setMemoryLimit(scriptMemoryBytes);
    this.#runtime.setMaxStackSize(stackBytes);
    this.#runtime.setInterruptHandler(() => {
      if (spentMs() <= this.#endsAtMs) return false;
      this.#isOverdue = true;
      return true;
    });
    this.#context = this.#runtime.newContext();
  }

  run(input: string): Ending {
    const realm = this.#prepare();
    let ending: Ending;
    try {
      ending = this.#execute(realm, input);
    } catch (error) {
      if (!(error instanceof Thrown)) throw error;
      ending = { fault: this.#faultOf(error.handle, realm) };
      error.handle.dispose();
    }
    if (ending.fault?.kind === 'memory' || ending.fault?.kind === 'depth') this.isSpent = true;
    this.#dispose(realm);
    return ending;
  }

  #prepare(): QuickJSHandle {
    const context = this.#context;
    const prelude = context.unwrapResult(context.evalCode(scriptPrelude, 'sluice', { strict: true }));
    const log = context.newFunction('log', (line) => this.#log.add(context.getString(line)));
    const now = context.newNumber(this.#task.nowMs);
    const seed = context.newNumber(this.#task.seed);
    const realm = context.unwrapResult(context.callFunction(prelude, context.undefined, log, now, seed));
    for (const handle of [prelude, log, now, seed]) handle.dispose();
    if (this.#task.language === 'jsonata') context.unwrapResult(context.evalCode(jsonataLibrary(), 'jsonata')).dispose();
    return realm;
  }

  #execute(realm: QuickJSHandle, input: string): Ending {
    const context = this.#context;
    this.#endsAtMs = spentMs() + this.#task.limitMs;
    const { language, code } = this.#task;
    const evaluated = context.evalCode(language === 'jsonata' ? jsonataModule(code) : code, fileName, { type: 'module' });
    if (evaluated.error !== undefined) throw new Thrown(evaluated.error);
    const exports = this.#settled(evaluated.value);
    if (exports === undefined) return this.#unsettled();
    const main = context.getProp(exports, 'default');
    exports.dispose();
    if (context.typeof(main) !== 'function') {
      main.dispose();
      return { fault: { kind: 'no-function' } };
    }
    const json = context.newString(input);
    const value = this.#settled(this.#call(realm, 'call', main, json));
    json.dispose();
    main.dispose();
    if (value === undefined) return this.#unsettled();
    const encoded = this.#text(realm, 'encode', value);
    value.dispose();
    if (encoded.startsWith('!')) return { fault: { kind: 'not-json', ...(JSON.parse(encoded.slice(1)) as { what: string; path: string }) } };
    const bytes = Buffer.byteLength(encoded) - 1;
    return bytes > maxResultBytes ? { fault: { kind: 'too-large', bytes } } : { result: encoded.slice(1) };
  }

  /** What a promise gives when all that can happen has happened; undefined if it waits for something that can't. Anything else is its own value. Takes the handle. */
  #settled(handle: QuickJSHandle): QuickJSHandle | undefined {
    const context = this.#context;
    for (let state = context.getPromiseState(handle); ; state = context.getPromiseState(handle)) {
      if (state.type === 'fulfilled') {
        if (state.notAPromise !== true) handle.dispose();
        return state.value;
      }
      if (state.type === 'rejected') {
        handle.dispose();
        throw new Thrown(state.error);
      }
      const done = this.#runtime.executePendingJobs(promiseJobs);
      if (done.error !== undefined) throw new Thrown(done.error);
      const isOverdue = spentMs() > this.#endsAtMs;
      if (isOverdue) this.#isOverdue = true;
      if (done.value === 0 || isOverdue) {
        const last = context.getPromiseState(handle);
        if (last.type !== 'pending' && !isOverdue) continue;
        handle.dispose();
        return undefined;
      }
    }
  }

  #unsettled(): Ending {
    return { fault: { kind: this.#isOverdue ? 'time' : 'never-settles' } };
  }

  #call(realm: QuickJSHandle, name: 'call' | 'encode' | 'describe', ...given: readonly QuickJSHandle[]): QuickJSHandle {
    const context = this.#context;
    const method = context.getProp(realm, name);
    const called = context.callFunction(method, context.undefined, ...given);
    method.dispose();
    if (called.error !== undefined) throw new Thrown(called.error);
    return called.value;
  }

  #text(realm: QuickJSHandle, name: 'encode' | 'describe', value: QuickJSHandle): string {
    const handle = this.#call(realm, name, value);
    const text = this.#context.getString(handle);
    handle.dispose();
    return text;
  }

  #faultOf(error: QuickJSHandle, realm: QuickJSHandle): SandboxFault {
    const wasOverdue = this.#isOverdue;
    this.#endsAtMs = spentMs() + afterwardsMs;
    this.#runtime.setMemoryLimit(scriptMemoryBytes + afterwardsBytes);
    let described: { readonly name: string; readonly text: string; readonly stack: string };
    try {
      described = JSON.parse(this.#text(realm, 'describe', error)) as typeof described;
    } catch (inner) {
      if (inner instanceof Thrown) inner.handle.dispose();
      else if (inner instanceof RangeError) throw inner;
      return wasOverdue ? { kind: 'time' } : { kind: 'thrown', text: 'an error that says nothing of itself' };
    }
    const { name, text, stack } = described;
    const line = lineOf(stack);
    if (wasOverdue) return { kind: 'time', ...line };
    if (name === 'InternalError' && text === 'out of memory') return { kind: 'memory', ...line };
    if (name === 'InternalError' && text === 'stack overflow') return { kind: 'depth', ...line };
    if (name === 'SyntaxError' && !stack.includes('<anonymous>') && !stack.includes('native')) return { kind: 'syntax', text, ...line };
    return { kind: 'thrown', text: name === '' ? text : `${name}: ${text}`, ...line };
  }

  /** What a script has left behind may keep the engine from freeing its memory: then nothing of it is used again. */
  #dispose(realm: QuickJSHandle): void {
    try {
      realm.dispose();
      this.#context.dispose();
      this.#runtime.dispose();
    } catch {
      this.isSpent = true;
    }
  }
}

/** Of the innermost place in the script. */
function lineOf(stack: string): { readonly line?: number } {
  const [, line] = /\bscript:(\d+)/.exec(stack) ?? [];
  return line === undefined ? {} : { line: Number(line) };
}

/** Processor time of this process, in milliseconds: what others do on the machine doesn't count against a script. */
function spentMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
