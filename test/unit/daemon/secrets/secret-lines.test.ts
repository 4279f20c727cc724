import assert from 'node:assert/strict';
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
