/** Programs that try to hang, to use up memory, to escape, or to mislead whoever reads their result. Each seed makes one, always the same. */

const values = ['globalThis', 'item', '[]', '{}', '"a".repeat(1e5)', 'new Proxy({}, { get: () => () => {} })', '2n ** 4096n', 'new Array(1e6)', 'Symbol.iterator', '() => {}', 'new Map([[1, 2]])', 'Promise.resolve(1)', 'JSON', 'Function', 'new Error("e")', '/(a|aa)+$/', 'null', 'NaN', 'new Uint8Array(1e5)', '(function* () { yield 1; })()', 'class { static x = 1 }'];
const polluted = ['Object.prototype', 'Array.prototype', 'String.prototype', 'Map.prototype', 'Function.prototype', 'Promise.prototype', 'Date.prototype', 'RegExp.prototype', 'Error.prototype'];
const members = ['toString', 'toJSON', 'valueOf', 'then', 'constructor', 'get', 'set', 'call', 'apply', 'push', 'slice', 'message', 'stack', 'name', 'has', '__proto__', 'now', '0', 'length'];
const bombs = [
  'while (true);',
  'for (;;) JSON.stringify([1]);',
  'const f = () => f() + 1; f();',
  'const a = []; for (;;) a.push(new Array(1000).fill(a));',
  'let s = "x"; for (;;) s += s;',
  '/(a+)+$/.test("a".repeat(50) + "b");',
  '/^(([a-z])+.)+[A-Z]([a-z])+$/.test("a".repeat(60));',
  'JSON.parse("[".repeat(1e5));',
  'eval("(".repeat(1e5));',
  'new Function("while (true);")();',
  'for (;;) Promise.resolve().then(() => {});',
  'console.log("x".repeat(1e6)); for (;;) console.log(1);',
  '10n ** 1000000n;',
  'Array.from({ length: 1e9 }, () => 1);',
  '"x".padEnd(1e9).split("");',
  'new Array(1e6).sort(() => { throw 1; });',
  'const o = {}; o.toJSON = () => o; JSON.stringify(o);',
];
const escapes = [
  'if (typeof process !== "undefined") throw "ESCAPED";',
  'const host = Function("return this")(); if (host.process || host.require) throw "ESCAPED";',
  'const made = console.log.constructor("return typeof process")(); if (made !== "undefined") throw "ESCAPED";',
  'try { null.x } catch (error) { if (error.constructor.constructor("return typeof require")() !== "undefined") throw "ESCAPED"; }',
  'try { Error.prepareStackTrace = (_, frames) => frames; const s = new Error().stack; if (typeof s === "object" && s[0]?.getThis?.()) throw "ESCAPED"; } catch (e) { if (e === "ESCAPED") throw e; }',
];

export function hostileScript(seed: number): string {
  const random = mulberry(seed);
  const pick = (list: readonly string[]): string => list[Math.floor(random() * list.length)] ?? '';
  const act = (): string => {
    switch (Math.floor(random() * 7)) {
      case 0:
        return `try { ${pick(polluted)}[${JSON.stringify(pick(members))}] = ${pick(values)}; } catch {}`;
      case 1:
        return `try { Object.defineProperty(${pick(polluted)}, ${JSON.stringify(pick(members))}, { get() { ${pick(bombs)} } }); } catch {}`;
      case 2:
        return `try { ${pick(bombs)} } catch {} finally { ${random() < 0.3 ? pick(bombs) : ''} }`;
      case 3:
        return pick(escapes);
      case 4:
        return `globalThis[${JSON.stringify(pick(['JSON', 'Map', 'Reflect', 'Promise', 'Date', 'console', 'Array', 'Object', 'String']))}] = ${pick(values)};`;
      case 5:
        return `try { item[${JSON.stringify(pick(members))}] = ${pick(values)}; } catch {}`;
      default:
        return `try { new Proxy(${pick(values)}, { get() { ${pick(bombs)} } })[${JSON.stringify(pick(members))}]; } catch {}`;
    }
  };
  const acts = (count: number): string => Array.from({ length: count }, act).join('\n  ');
  return `${random() < 0.3 ? act() : ''}\nexport default ${random() < 0.3 ? 'async ' : ''}({ item }) => {\n  ${acts(1 + Math.floor(random() * 5))}\n  return ${random() < 0.5 ? pick(values) : `{ a: ${pick(values)}, get b() { ${pick(bombs)} }, toJSON: ${pick(values)} }`};\n}`;
}

function mulberry(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
