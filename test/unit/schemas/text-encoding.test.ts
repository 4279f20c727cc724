import assert from 'node:assert/strict';
import { isUtf8 } from 'node:buffer';
import fc from 'fast-check';
import { decodeText, firstBadByte } from '../../../schemas/workflow/text-encoding.ts';

const problemOf = (bytes: Uint8Array): string => {
  const decoded = decodeText(bytes);
  if (decoded.ok) assert.fail(`it is a text: ${decoded.text}`);
  return decoded.problem;
};

describe('the text of a file', () => {
  it('is UTF-8, without its byte order mark', () => {
    assert.deepEqual(decodeText(Buffer.from('\uFEFFGrüße 🙂\r\n')), { ok: true, text: 'Grüße 🙂\r\n' });
    assert.deepEqual(decodeText(Buffer.alloc(0)), { ok: true, text: '' });
  });

  it('is refused with the place and the remedy where it is in another encoding', () => {
    assert.match(problemOf(Buffer.from('name\nß Gr\u{fc}n\n', 'latin1')), /^is not UTF-8: line 2, column 1 has the byte DF \(at offset 5\), .* Save it as UTF-8/);
    assert.match(problemOf(Buffer.concat([Buffer.from('a\r\nGrüße 🙂 '), Buffer.from('é', 'latin1')])), /line 2, column 10 has the byte E9/);
    assert.match(problemOf(Buffer.from('ä'.repeat(3)).subarray(0, 5)), /line 1, column 3 has the byte C3/);
  });

  it('is refused as UTF-16, with a mark or without one', () => {
    assert.match(problemOf(Buffer.from('\uFEFFhello', 'utf16le')), /^is UTF-16, not UTF-8\. Save it as UTF-8/);
    assert.match(problemOf(Buffer.from('\uFEFFhello', 'utf16le').swap16()), /^is UTF-16/);
    assert.match(problemOf(Buffer.from('a\nhello', 'utf16le')), /^is not a text: line 1 has a zero byte/);
  });

  it('has its first bad byte where the platform finds one', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 12 }), (bytes) => assert.equal(firstBadByte(bytes) === undefined, isUtf8(bytes))),
      { numRuns: 20_000 },
    );
    for (const bytes of [[0xc0, 0x80], [0xe0, 0x80, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xf5, 0x80, 0x80, 0x80], [0x80]]) {
      assert.deepEqual(firstBadByte(Buffer.from([0x61, ...bytes])), { offset: 1, byte: bytes[0] });
    }
  });
});
