import assert from 'node:assert/strict';
import { cutTo, widthOf, wrap } from '../../../../../daemon/cli/render/text-width.ts';

describe('texts on a terminal', () => {
  it('are as wide as what is seen of them', () => {
    assert.equal(widthOf('abc'), 3);
    assert.equal(widthOf('世界'), 4);
    assert.equal(widthOf('e\u0301'), 1);
    assert.equal(widthOf('\u001b[31mred\u001b[39m'), 3);
  });

  it('are cut at the end, or in the middle, never through a character', () => {
    assert.equal(cutTo('newsletter', 20), 'newsletter');
    assert.equal(cutTo('newsletter', 6), 'newsl…');
    assert.equal(cutTo('newsletter_sendout', 9, 'middle'), 'news…dout');
    assert.equal(cutTo('a😀😀😀', 4), 'a😀…');
    assert.equal(cutTo('👨‍👩‍👧 family', 3), '…');
    assert.equal(cutTo('世界世界', 5), '世界…');
    assert.equal(cutTo('世界世界', 6, 'middle'), '世…界');
  });

  it('are broken between words, with what is to be copied in one piece', () => {
    assert.equal(wrap('  one two three', 9), '  one two\n  three');
    assert.equal(wrap('one two', 3, 2), 'one\n  two');
    assert.equal(wrap('say `sluice up` now', 12), 'say\n`sluice up`\nnow');
    assert.equal(wrap('short\nand a longer line', 12), 'short\nand a longer\nline');
    assert.equal(wrap('in a pipe nothing is broken', undefined), 'in a pipe nothing is broken');
    assert.equal(wrap('aaaaaaaaaaaaaaaa b', 4), 'aaaaaaaaaaaaaaaa\nb');
  });
});
