import assert from 'node:assert/strict';
import fc from 'fast-check';
import { mask, Masker, minMaskedLength } from '../../../../daemon/secrets/masker.ts';
import { processorMs } from '../../../support/processor-time.ts';

/** Each way in which a secret is written down, apart from the code under test. */
const encodings: Readonly<Record<string, (secret: string) => string>> = {
  raw: (secret) => secret,
  JSON: (secret) => JSON.stringify(secret).slice(1, -1),
  'JSON within JSON': (secret) => JSON.stringify(JSON.stringify(secret)).slice(3, -3),
  'ASCII JSON': (secret) => JSON.stringify(secret).slice(1, -1).replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
  'ASCII JSON within JSON within JSON': (secret) => [0, 1, 2].reduce((text) => JSON.stringify(text).slice(1, -1).replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`), secret),
  'PHP JSON': (secret) => JSON.stringify(secret).slice(1, -1).replaceAll('/', '\\/'),
  'URI component': encodeURIComponent,
  'URI component in lower case': (secret) => encodeURIComponent(secret).replace(/%../g, (hex) => hex.toLowerCase()),
  'URI component within a URI component': (secret) => encodeURIComponent(encodeURIComponent(secret)),
  'form within a URI component': (secret) => encodeURIComponent(new URLSearchParams([['', secret]]).toString().slice(1)),
  URI: encodeURI,
  form: (secret) => new URLSearchParams([['', secret]]).toString().slice(1),
  hex: (secret) => Buffer.from(secret).toString('hex'),
  'hex in upper case': (secret) => Buffer.from(secret).toString('hex').toUpperCase(),
  HTML: (secret) => secret.replace(/[&<>"']/g, (one) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[one] ?? '&#39;'),
};

/** What base64 of `before + secret + after` shows of the secret alone. */
function base64Core(secret: string, before: number, encoding: 'base64' | 'base64url'): string {
  const length = Buffer.byteLength(secret);
  const all = Buffer.concat([Buffer.alloc(before, 'x'), Buffer.from(secret), Buffer.alloc(5, 'y')]).toString(encoding);
  return all.slice(Math.ceil((before * 8) / 6), Math.floor(((before + length) * 8) / 6));
}

/** Without `*`, of which the mask is made, and without white space at its ends, which is trimmed. */
const anySecret = fc
  .string({ unit: fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...Array.from('aZ09+/=&%"\'\\<>?# \n_-.:é€𝄞')) }, { weight: 1, arbitrary: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }) }), minLength: 6, maxLength: 40 })
  .map((text) => text.replaceAll('*', '+').trim().toWellFormed())
  .filter((text) => text.length >= minMaskedLength);

const around = fc.string({ unit: fc.constantFrom(...Array.from('{}[]",: xyz\n')), maxLength: 10 });

describe('Masker', () => {
  for (const [name, encode] of Object.entries(encodings)) {
    it(`leaves no secret in ${name}`, () => {
      fc.assert(
        fc.property(anySecret, around, around, (secret, before, after) => {
          const written = encode(secret);
          const masker = new Masker(['another secret', secret]);
          const masked = masker.text(`${before}${written}${after}${written}`);
          assert.ok(!masked.includes(written), masked);
          assert.ok(masked.includes(mask));
          assert.deepEqual(masker.json({ list: [{ text: `${before}${written}` }] }), { list: [{ text: masker.text(`${before}${written}`) }] });
        }),
        { numRuns: 300 },
      );
    });
  }

  for (const encoding of ['base64', 'base64url'] as const) {
    it(`leaves no secret in ${encoding}, wherever it starts`, () => {
      fc.assert(
        fc.property(anySecret, fc.integer({ min: 0, max: 5 }), (secret, before) => {
          const all = Buffer.concat([Buffer.alloc(before, 'x'), Buffer.from(secret), Buffer.alloc(5, 'y')]).toString(encoding);
          const masked = new Masker([secret]).text(`authorization: Basic ${all}`);
          assert.ok(!masked.includes(base64Core(secret, before, encoding)), masked);
        }),
        { numRuns: 500 },
      );
    });
  }

  it('leaves none of several secrets, however they overlap', () => {
    const small = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 4, maxLength: 8 });
    fc.assert(
      fc.property(fc.array(small, { minLength: 1, maxLength: 5 }), fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 60 }), (secrets, text) => {
        const masked = new Masker(secrets).text(text);
        for (const secret of secrets) assert.ok(!masked.includes(secret), `${secret} in ${masked}`);
        assert.equal(masked === text, !secrets.some((secret) => text.includes(secret)));
      }),
      { numRuns: 1000 },
    );
  });

  it('keeps all that is no secret', () => {
    assert.equal(new Masker(['hunter22']).text('a hunter22 b hunter2 c'), `a ${mask} b hunter2 c`);
    assert.equal(new Masker(['abcd', 'abcdef']).text('xabcdefy'), `x${mask}y`);
    assert.equal(new Masker(['abcd', 'cdefgh']).text('xabcdefghy'), `x${mask}y`);
    assert.equal(new Masker(['abcd']).text('abcdabcd'), `${mask}${mask}`);
  });

  it('hands back the same text and tree where there is nothing to mask', () => {
    const tree = { a: ['b', 1, null, true, { c: 'd' }] };
    assert.equal(new Masker(['hunter22']).json(tree), tree);
    assert.equal(new Masker([]).json(tree), tree);
  });

  it('masks keys, and numbers that are secrets', () => {
    assert.deepEqual(new Masker(['12345678']).json({ 'x12345678': 12345678, b: 123456789, c: 1234 }), { [`x${mask}`]: mask, b: `${mask}9`, c: 1234 });
  });

  it('masks the lines of a key on their own, and values with a line break at the end', () => {
    const key = '-----BEGIN KEY-----\r\nMIIEvQIBADANBg\nkqhkiG9w0BAQ\n-----END KEY-----\n';
    assert.equal(new Masker([key]).text('line 2: MIIEvQIBADANBg!'), `line 2: ${mask}!`);
    assert.equal(new Masker(['hunter22\n']).text('hunter22'), mask);
  });

  it("leaves what is too short to be a secret, and isn't confused by it", () => {
    const masker = new Masker(['', ' ', 'abc', '   a ', 'hunter22']);
    assert.equal(masker.text('abc a hunter22'), `abc a ${mask}`);
  });

  it('leaves nothing of a secret that a text was cut in, at its end or before a mark', () => {
    fc.assert(
      fc.property(anySecret, fc.constantFrom(...Object.values(encodings)), fc.double({ min: 0, max: 1, noNaN: true }), (secret, encode, share) => {
        const written = encode(secret);
        const length = Math.ceil(written.length * share);
        const before = 'x '.repeat(60);
        const masker = new Masker([secret]);
        const shown = (end: string): string => masker.cutText(`${before}${written.slice(0, length)}${end}`).slice(before.length);
        for (const end of ['', '…', '… and more']) {
          const left = shown(end).replace(end, '').replaceAll(mask, '');
          assert.ok(left.length <= 12, `${left} of ${written}`);
        }
      }),
      { numRuns: 2000 },
    );
    const secret = 'abcdefghijklmnopqrstuvwxyz012345';
    const masker = new Masker([secret]);
    assert.equal(masker.cutText(`${'-'.repeat(4065)}${secret.slice(0, 31)}`), `${'-'.repeat(4065)}${mask}`);
    assert.equal(masker.text(`${'-'.repeat(4065)}abcd`), `${'-'.repeat(4065)}abcd`, 'only what was cut');
  });

  it('knows secrets of any length, and hundreds of them', () => {
    const long = Array.from({ length: 40_000 }, (_, index) => String.fromCharCode(33 + ((index * 7919) % 90))).join('').replaceAll('*', 'x');
    assert.equal(new Masker([long]).text(`<${JSON.stringify({ [long]: 1 })}>`), `<{"${mask}":1}>`);
    assert.equal(new Masker([long]).text(Buffer.from(`a${long}`).toString('base64')).includes(long.slice(0, 100)), false);
    const many = Array.from({ length: 500 }, (_, index) => `${(index * 7919).toString(36)}-token-${index}`);
    const masker = new Masker(many);
    assert.equal(masker.text(many.join(' ')), many.map(() => mask).join(' '));
  });

  it('answers in time for text made to be slow', () => {
    const masker = new Masker(['\\'.repeat(20) + 'x', `${'"'.repeat(20)}x`, `${' '.repeat(2)}${'a'.repeat(20)}b`, `${'/'.repeat(20)}x`]);
    const tookMs = processorMs(() => {
      for (const character of ['\\', '"', 'a', '/', '\\/', '\\"']) masker.text(character.repeat(20_000));
    });
    assert.ok(tookMs < 2_000, `${tookMs} ms`);
  });
});
