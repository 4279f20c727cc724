import assert from 'node:assert/strict';
import { parseEnv } from 'node:util';
import fc from 'fast-check';
import { changeSecretLines, parseSecretLines } from '../../../../daemon/secrets/secret-lines.ts';

describe('lines of secrets', () => {
  const text = '# keys of the shop\nA=one\n\nexport B="two # 2"   # rotated in May\nC=\'first line\nD=not a name\nlast line\'\nE=five\n';

  it('change one value and leave everything else as it stands', () => {
    assert.equal(changeSecretLines(text, 'B', 'new'), `${text.replace(/export B.*\n/, '')}B='new'\n`);
    assert.equal(changeSecretLines(text, 'C', undefined), text.replace(/C='[^']*'\n/, ''));
    assert.equal(changeSecretLines(text, 'F', 'six'), `${text}F='six'\n`);
    assert.equal(changeSecretLines('A=one', 'B', 'two'), "A=one\nB='two'\n");
    assert.equal(changeSecretLines('', 'A', 'one'), "A='one'\n");
    assert.equal(changeSecretLines('A=one\nA=two\n', 'A', undefined), '', 'an older value is no longer there either');
  });

  it('leave alone what only looks like the name', () => {
    assert.equal(parseSecretLines(changeSecretLines(text, 'D', 'four') ?? '')['C'], 'first line\nD=not a name\nlast line');
    assert.equal(changeSecretLines('#A=old\nAA=1\n', 'A', undefined), '#A=old\nAA=1\n');
  });

  it('say so where such lines can not hold a value', () => {
    assert.equal(changeSecretLines('', 'A', 'all \' " `'), undefined);
    assert.equal(changeSecretLines('', 'A', ''), undefined);
    assert.equal(changeSecretLines("A='never closed\nB=two\n", 'B', 'x'), undefined, 'its quote would end that of the other');
  });

  it('keep a # that is part of a value, and drop a comment behind it', () => {
    assert.deepEqual(parseSecretLines('A=pa#ss#word\nB=one # rotated in May\nC=#fff\nD= # none\nE=x\t#y\nF="a # b" # c\nG=https://a.example/#/x\n'), {
      A: 'pa#ss#word',
      B: 'one',
      C: '#fff',
      E: 'x',
      F: 'a # b',
      G: 'https://a.example/#/x',
    });
  });

  it('are read behind a byte order mark, and with the line breaks of Windows', () => {
    assert.deepEqual(parseSecretLines('\uFEFFA=one\r\nB="two\r\nlines"\r\n'), { A: 'one', B: 'two\nlines' });
    assert.deepEqual(parseSecretLines(changeSecretLines('\uFEFFA=one\r\n', 'B', 'two') ?? ''), { A: 'one', B: 'two' });
    assert.equal(changeSecretLines('\uFEFFA=one\r\n', 'A', 'two'), "A='two'\n");
  });

  it('are read as Node reads them, but for comments', () => {
    const plain = fc.string({ unit: fc.constantFrom('x', '=', '\\', 'n', ' ', '$', '/'), maxLength: 8 }).filter((text) => text.trim() !== '');
    const quoted = fc.tuple(fc.constantFrom('"', "'", '`'), fc.string({ unit: fc.constantFrom('x', '\n', '\r\n', '\\n', '#', ' ', '='), minLength: 1, maxLength: 8 })).map(([quote, text]) => quote + text + quote);
    const line = fc.tuple(fc.constantFrom('', 'export ', ' '), fc.constantFrom('A', 'B_1', 'C'), fc.constantFrom('', ' '), fc.constantFrom('', ' ', '\t'), fc.oneof(plain, quoted));
    fc.assert(
      fc.property(fc.array(line, { maxLength: 6 }), (lines) => {
        const text = lines.map(([prefix, name, before, behind, value]) => `${prefix}${name}${before}=${behind}${value}\n`).join('# a comment\n\n');
        const read = Object.fromEntries(Object.entries(parseEnv(text)).filter(([, value]) => value !== ''));
        assert.deepEqual(parseSecretLines(text), read, JSON.stringify(text));
      }),
    );
  });

  it('are read back as they were meant, whatever the value', () => {
    const value = fc.oneof(fc.string({ minLength: 1 }), fc.string({ minLength: 1, unit: fc.constantFrom('a', ' ', '#', '\n', '=', '\\', '"', "'", '`', '$', '\t') }));
    fc.assert(
      fc.property(value, value, value, (first, second, third) => {
        const one = changeSecretLines('# kept\n', 'ONE', first);
        const two = one === undefined ? undefined : changeSecretLines(one, 'TWO', second);
        if (one === undefined || two === undefined) return;
        assert.deepEqual(parseSecretLines(two), { ONE: first, TWO: second });
        const changed = changeSecretLines(two, 'ONE', third);
        if (changed !== undefined) assert.deepEqual(parseSecretLines(changed), { ONE: third, TWO: second });
        assert.deepEqual(parseSecretLines(changeSecretLines(two, 'TWO', undefined) ?? ''), { ONE: first });
        assert.match(two, /^# kept\n/);
      }),
    );
  });
});
