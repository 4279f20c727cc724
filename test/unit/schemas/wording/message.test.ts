import assert from 'node:assert/strict';
import { english, languageOf } from '../../../../schemas/wording/language.ts';
import { message, readPlural } from '../../../../schemas/wording/message.ts';

describe('a message', () => {
  it('has its arguments where its pattern names them, as often as it does, and takes nothing in an argument for a name', () => {
    assert.equal(english.say('{job} was answered {cause}; {job} is retried.', { job: 'j1', cause: '{job} # 503' }), 'j1 was answered {job} # 503; j1 is retried.');
  });

  it('has the form that its number asks for, and the number as the language writes it', () => {
    const told = (count: number): string => english.say('{count, plural, one {# job waits in {queue}.} other {# jobs wait in {queue}.}}', { count, queue: 'erp' });
    assert.deepEqual([0, 1, 2, 12_345].map(told), ['0 jobs wait in erp.', '1 job waits in erp.', '2 jobs wait in erp.', '12,345 jobs wait in erp.']);
  });

  it('may hold a message, and have its number told elsewhere than in its form', () => {
    const told = message('{rate} since {at}', { rate: message('{limit}/min', { limit: 1000 }), at: 'noon' });
    assert.equal(english.textOf(told), '1,000/min since noon');
    assert.equal(english.say('{rest, plural, one {The other one waits.} other {The other # wait.}}', { rest: 1 }), 'The other one waits.');
  });

  it('takes all plural forms of a language from its translation', () => {
    const polish = '{count, plural, one {# zadanie czeka w {queue}.} few {# zadania czekają w {queue}.} many {# zadań czeka w {queue}.} other {# zadania czeka w {queue}.}}';
    const language = languageOf('pl', () => polish);
    const told = (count: number): string => language.say('{count, plural, one {# job waits in {queue}.} other {# jobs wait in {queue}.}}', { count, queue: 'erp' });
    assert.deepEqual([1, 3, 5, 22].map(told), ['1 zadanie czeka w erp.', '3 zadania czekają w erp.', '5 zadań czeka w erp.', '22 zadania czekają w erp.']);
  });

  it('takes a translation without plural forms, for a language that has none', () => {
    assert.equal(languageOf('ja', () => '{queue}に{count}件').say('{count, plural, one {# job in {queue}} other {# jobs in {queue}}}', { count: 1200, queue: 'erp' }), 'erpに1,200件');
  });

  it('shows a damaged translation as it stands, and never throws', () => {
    for (const damaged of ['{count, plural, one {# job', '{count, plural, one {# job}}', '{count, plural,}', '{', '{}', '']) {
      assert.equal(languageOf('en', () => damaged).say('{count, plural, one {# job} other {# jobs}}', { count: 2 }), damaged);
    }
  });

  it('is refused by the compiler if its arguments are not those of its pattern', () => {
    // @ts-expect-error A name is missing.
    message('{job} was answered {cause}.', { job: 'j1' });
    // @ts-expect-error A name is misspelt.
    message('{job} waits.', { jobs: 'j1' });
    // @ts-expect-error A plural is chosen by a number.
    message('{count, plural, one {# job} other {# jobs}}', { count: '2' });
    // @ts-expect-error A name within a form is missing.
    message('{count, plural, one {# job in {queue}} other {# jobs in {queue}}}', { count: 2 });
    // @ts-expect-error There is a name, and nothing for it.
    message('{job} waits.');
    assert.deepEqual(message('Nothing waits.'), { pattern: 'Nothing waits.', args: {} });
  });

  it('that is not a plural is none, whatever it begins with', () => {
    assert.equal(readPlural('{count} jobs, plural, other {x}'), undefined);
    assert.equal(readPlural('{plural} {other}'), undefined);
  });
});
