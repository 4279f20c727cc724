import { commands } from '../ids.ts';
import { LoadMoreNode } from '../views/shared/load-more-node.ts';
import type { Command } from './command.ts';

/** The next page of a list, from the row at its end. */
export const loadMore: Command = {
  id: commands.loadMore,
  acts: false,
  run: async (_app, argument) => {
    if (argument instanceof LoadMoreNode) argument.loadMore();
  },
};
