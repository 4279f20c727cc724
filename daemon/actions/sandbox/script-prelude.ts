/**
 * JavaScript that is run in a script's realm before the script: it makes what the script finds there, and gives its host three functions. It keeps
 * what it needs of the realm before the script can change it; what a script can still do to these functions spoils its own result only, because the
 * host takes nothing from them but bounded texts.
 */
export const scriptPrelude = String.raw`(function (log, nowMs, seed) {
  'use strict';
  const { parse, stringify } = JSON;
  const { isArray } = Array;
  const { isFinite, isSafeInteger } = Number;
  const { ownKeys, construct, apply } = Reflect;
  const toText = String;
  const toNumber = Number;
  const slice = Function.prototype.call.bind(String.prototype.slice);
  const tagOf = Function.prototype.call.bind(Object.prototype.toString);
  const view = ArrayBuffer.isView;
  const HostMap = Map, HostSet = Set, HostPromise = Promise, HostWeakMap = WeakMap, HostError = Error;
  const mapGet = Function.prototype.call.bind(Map.prototype.get);
  const mapSet = Function.prototype.call.bind(Map.prototype.set);

  // No clock but now, and no randomness that differs between the attempts of a job.
  const RealDate = Date;
  function SluiceDate(...given) {
    if (new.target === undefined) return new RealDate(nowMs).toString();
    return construct(RealDate, given.length === 0 ? [nowMs] : given, new.target);
  }
  SluiceDate.prototype = RealDate.prototype;
  SluiceDate.parse = RealDate.parse;
  SluiceDate.UTC = RealDate.UTC;
  SluiceDate.now = () => nowMs;
  Object.defineProperty(SluiceDate, 'name', { value: 'Date' });
  Object.defineProperty(RealDate.prototype, 'constructor', { value: SluiceDate, writable: true, configurable: true });
  Object.defineProperty(globalThis, 'Date', { value: SluiceDate, writable: true, configurable: true });
  delete globalThis.performance;
  let state = seed >>> 0;
  Math.random = () => {
    // mulberry32
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };

  const shown = (value) => {
    if (typeof value === 'string' || typeof value === 'bigint') return toText(value);
    if (value instanceof HostError) return value.name + ': ' + value.message;
    try {
      return stringify(value, (key, inner) => (typeof inner === 'bigint' ? toText(inner) : inner)) ?? toText(value);
    } catch {
      return tagOf(value);
    }
  };
  const write = (...values) => {
    let line = '';
    for (let index = 0; index < values.length; index++) line += (index === 0 ? '' : ' ') + slice(shown(values[index]), 0, 1000);
    log(slice(line, 0, 1000));
  };
  globalThis.console = { log: write, info: write, warn: write, error: write, debug: write };

  class NotJson {
    constructor(what, path) {
      this.what = what;
      this.path = path;
    }
  }
  const kindOf = (value) => {
    if (value instanceof HostMap) return 'a Map';
    if (value instanceof HostSet) return 'a Set';
    if (value instanceof HostPromise) return 'a promise';
    if (value instanceof HostWeakMap) return 'a WeakMap';
    if (view(value) || value instanceof ArrayBuffer) return 'binary data';
    return undefined;
  };

  return {
    call: (main, json) => {
      const argument = parse(json);
      if (!('now' in argument)) argument.now = new RealDate(nowMs);
      return main(argument);
    },
    // A text that begins with '=' is JSON; with '!', the JSON of why there is none.
    encode: (value) => {
      const paths = new HostMap();
      const open = [];
      try {
        const text = stringify(value, function (key, inner) {
          const path = paths.has(this) ? mapGet(paths, this) + (isArray(this) ? '[' + key + ']' : '.' + key) : 'output';
          if (typeof inner === 'bigint') return isSafeInteger(toNumber(inner)) ? toNumber(inner) : toText(inner);
          if (typeof inner === 'function') throw new NotJson('a function', path);
          if (typeof inner === 'symbol') throw new NotJson('a symbol', path);
          if (typeof inner === 'number' && !isFinite(inner)) throw new NotJson(toText(inner), path);
          if (inner === undefined && isArray(this)) throw new NotJson('undefined', path);
          if (typeof inner !== 'object' || inner === null) return inner;
          const kind = kindOf(inner);
          if (kind !== undefined) throw new NotJson(kind, path);
          while (open.length > 0 && open[open.length - 1] !== this) open.length--;
          for (let index = 0; index < open.length; index++) if (open[index] === inner) throw new NotJson('itself', path);
          open[open.length] = inner;
          mapSet(paths, inner, path.length > 300 ? slice(path, 0, 300) + '…' : path);
          return inner;
        });
        return text === undefined ? '!{"what":"undefined","path":"output"}' : '=' + text;
      } catch (error) {
        if (error instanceof NotJson) return '!' + stringify({ what: error.what, path: error.path });
        throw error;
      }
    },
    describe: (error) => {
      const is = typeof error === 'object' && error !== null;
      const name = is && typeof error.name === 'string' ? error.name : '';
      const text = is && typeof error.message === 'string' ? error.message : shown(error);
      return stringify({ name: slice(name, 0, 100), text: slice(text, 0, 1000), stack: is && typeof error.stack === 'string' ? slice(error.stack, 0, 4000) : '' });
    },
  };
})`;
