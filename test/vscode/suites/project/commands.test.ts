import assert from 'node:assert/strict';
import { commands } from '../../../../extension/base/ids.ts';
import { drivenCommands } from '../support/sluice.ts';
import { daemonCommands } from './commands/daemon-commands.ts';
import { deadLetterCommands } from './commands/dead-letter-commands.ts';
import { deliveryCommands } from './commands/delivery-commands.ts';
import { lookingCommands } from './commands/looking-commands.ts';
import { queueCommands } from './commands/queue-commands.ts';
import { runCommands } from './commands/run-commands.ts';

describe('commands', () => {
  describe('of runs', runCommands);
  describe('of queues', queueCommands);
  describe('of dead letters', deadLetterCommands);
  describe('of what starts and continues runs from outside', deliveryCommands);
  describe('to look at something', lookingCommands);
  describe('of the daemon', daemonCommands);

  // In a block of its own, because mocha runs the tests of a block before the blocks in it.
  describe('as a whole', () => {
    it('are all driven by these tests, or by those beside them', () => {
      // In windows and files of their own.
      const elsewhere = new Set<string>([commands.createProject, commands.getStarted, commands.startPractice, commands.loadMore, commands.openDeadLetter, commands.compareDeadLetter, commands.dropDraft, commands.replayEdited]);
      assert.deepEqual(Object.values(commands).filter((id) => !drivenCommands().has(id) && !elsewhere.has(id)), []);
    });
  });
});
