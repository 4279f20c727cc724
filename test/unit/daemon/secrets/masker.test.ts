import assert from 'node:assert/strict';
import fc from 'fast-check';
import { mask } from '../../../../daemon/core/mask.ts';
import { Masker, minMaskedLength } from '../../../../daemon/secrets/masker.ts';
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
  'path of an http URL': (secret) => encodeURI(secret).replaceAll('%5C', '/'),
  form: (secret) => new URLSearchParams([['', secret]]).toString().slice(1),
  hex: (secret) => Buffer.from(secret).toString('hex'),
  'hex in upper case': (secret) => Buffer.from(secret).toString('hex').toUpperCase(),
  'URI component of which every character is escaped': (secret) => percentOfAll(secret),
  'URI component of which every character is escaped, in upper case': (secret) => percentOfAll(secret).toUpperCase(),
  'URI component of which every character is escaped, within a URI component': (secret) => encodeURIComponent(percentOfAll(secret)),
  'JSON of which every character is escaped': unicodeOfAll,
  'JSON of which every character is escaped, within JSON': (secret) => JSON.stringify(unicodeOfAll(secret)).slice(1, -1),
  'HTML of which every character is an entity': (secret) => Array.from(secret, (character) => `&#${character.codePointAt(0)};`).join(''),
  'HTML of which every character is a hexadecimal entity': (secret) => Array.from(secret, (character) => `&#x${(character.codePointAt(0) ?? 0).toString(16).toUpperCase()};`).join(''),
  'quoted-printable': (secret) => quotedPrintable(secret),
  'quoted-printable in short lines': (secret) => (quotedPrintable(secret).match(/(?:=..|[^=]){1,9}/gs) ?? []).join('=\r\n'),
  HTML: (secret) => secret.replace(/[&<>"']/g, (one) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[one] ?? '&#39;'),
};

function percentOfAll(secret: string): string {
  return [...Buffer.from(secret)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
}

function unicodeOfAll(secret: string): string {
  return Array.from({ length: secret.length }, (_, index) => `\\u${secret.charCodeAt(index).toString(16).padStart(4, '0')}`).join('');
}

function quotedPrintable(secret: string): string {
  return [...Buffer.from(secret)].map((byte) => (byte > 0x20 && byte < 0x7f && byte !== 0x3d ? String.fromCharCode(byte) : `=${byte.toString(16).toUpperCase().padStart(2, '0')}`)).join('');
}

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

  const lineEnds = { CRLF: '\r\n', LF: '\n', 'CRLF in JSON': '\\r\\n', 'LF in JSON within JSON': '\\\\n', 'an escaped CRLF': '%0D%0A', 'an entity': '&#13;\n', 'LF and an indent': '\n    ' };
  for (const [name, lineEnd] of Object.entries(lineEnds)) {
    it(`leaves no secret in lines of base64 and hex that end with ${name}, wherever it starts`, () => {
      fc.assert(
        fc.property(anySecret, fc.integer({ min: 0, max: 120 }), fc.constantFrom(60, 64, 76), fc.constantFrom('base64', 'base64url', 'hex'), (secret, before, columns, encoding) => {
          const all = Buffer.concat([Buffer.alloc(before, 'x'), Buffer.from(secret), Buffer.alloc(80, 'y')]).toString(encoding);
          const lines = all.match(new RegExp(`.{1,${columns}}`, 'g')) ?? [];
          const masked = new Masker(['another secret', secret]).text(`content: ${lines.join(lineEnd)}`);
          const core = encoding === 'hex' ? Buffer.from(secret).toString('hex') : base64Core(secret, before, encoding);
          assert.ok(!masked.replaceAll(lineEnd, '').includes(core), masked);
          assert.ok(masked.includes(mask));
          // Nothing beside it went along, but for what base64 shares with the neighbours.
          assert.ok(masked.replaceAll(lineEnd, '').length >= 'content: '.length + all.length - core.length + mask.length - 2, masked);
        }),
        { numRuns: 300 },
      );
    });
  }

  it('takes a soft line break for one, whatever the secret goes on with', () => {
    for (const [secret, written] of [['a𐀀aaaa%0aaa', 'a=F0=90=80=80aaaa=\r\n%0aaa'], ['abcd&#10;efgh', 'abcd=\r\n&#10;=\r\nefgh'], ['abcd\\\\nefgh', 'abcd=\n\\\\nefgh']] as const) {
      assert.equal(new Masker([secret]).text(`x ${written} y`), `x ${mask} y`);
    }
  });

  it('leaves texts alone whose lines only look like one value, and those with escapes and no secret', () => {
    const masker = new Masker(['hunter22']);
    for (const text of ['hunt\ner22', 'see hunt\r\ner22', '%41%42%43 \\u0061 &#97; =\r\nx', `${'A'.repeat(76)}\r\n${'B'.repeat(76)}`]) assert.equal(masker.text(text), text);
    assert.equal(masker.text('a %68%75nter22 b %20 hunter%32%32 c %41'), `a ${mask} b %20 ${mask} c %41`);
  });

  it('knows a secret as a URL shows it, in the name of its host and in its path', () => {
    const masker = new Masker(['Kx7mQ2vv9-A', 'a\\b"c d\\\\e', 'Password']);
    assert.equal(masker.text(new URL('https://Kx7mQ2vv9-A.example.com/').href), 'https://***.example.com/');
    assert.equal(masker.text(new URL('https://example.com/x/a\\b"c d\\\\e?z').href), 'https://example.com/x/***?z');
    assert.equal(masker.text('the password is wrong'), 'the password is wrong');
  });

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

  it('keeps all that is not a secret', () => {
    assert.equal(new Masker(['hunter22']).text('a hunter22 b hunter2 c'), `a ${mask} b hunter2 c`);
    assert.equal(new Masker(['abcd', 'abcdef']).text('xabcdefy'), `x${mask}y`);
    assert.equal(new Masker(['abcd', 'cdefgh']).text('xabcdefghy'), `x${mask}y`);
    assert.equal(new Masker(['abcd']).text('abcdabcd'), `${mask}${mask}`);
  });

  it('hands back the same text and tree if there is nothing to mask', () => {
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
      fc.property(anySecret, fc.constantFrom(...Object.entries(encodings)), fc.double({ min: 0, max: 1, noNaN: true }), (secret, [name, encode], share) => {
        const written = encode(secret);
        const length = Math.ceil(written.length * share);
        const before = 'x '.repeat(60);
        const masker = new Masker([secret]);
        const shown = (end: string): string => masker.cutText(`${before}${written.slice(0, length)}${end}`).slice(before.length);
        for (const end of ['', '…', '… and more']) {
          const left = shown(end).replace(end, '').replaceAll(mask, '');
          // Three characters of it, and a beginning of the fourth.
          assert.ok(left.length <= (name.includes('every character') ? 31 : 12), `${left} of ${written}`);
        }
      }),
      { numRuns: 2000 },
    );
    const broken = (Buffer.from(`user:${'secret of many characters '.repeat(20)}`).toString('base64').match(/.{1,76}/g) ?? []).join('\r\n');
    for (let length = 100; length < broken.length; length++) {
      const left = new Masker(['secret of many characters '.repeat(20)]).cutText(`${'x '.repeat(60)}${broken.slice(0, length)}`).slice(120);
      assert.ok(left.length < 16, left);
    }
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
      for (const character of ['\\', '"', 'a', '/', '\\/', '\\"', '%', '%25', '%61', '&#', '&#000', '\\u00', '\n', '\\n', '\r', '=', '=\n', '&', '%0a', '\r\n']) {
        masker.text(character.repeat(20_000));
        masker.cutText(`${character.repeat(20_000)}z`);
        masker.cutText(character.repeat(20_000));
      }
    });
    // About 1 s of the processor; what is quadratic takes minutes.
    assert.ok(tookMs < 15_000, `${tookMs} ms`);
  });

  it('hides what gives a link its power, with or without a secret beside it, whole or cut', () => {
    const token = `slsig${'0123456789'.repeat(4)}`;
    for (const masker of [new Masker([]), new Masker(['s3cret-value'])]) {
      assert.equal(masker.text(`to https://hooks.example.com/signals/${token}, please`), 'to https://hooks.example.com/signals/***, please');
      assert.deepEqual(masker.json({ [token]: [`%2Fsignals%2F${token}%20`, 1] }), { '***': ['%2Fsignals%2F***%20', 1] });
      assert.equal(masker.cutText(`${'x'.repeat(100)} ${token.slice(0, 20)}…`), `${'x'.repeat(100)} ***…`);
      const clean = { slsig: ['slsig', 1, null] };
      assert.equal(masker.json(clean), clean);
    }
  });
});
