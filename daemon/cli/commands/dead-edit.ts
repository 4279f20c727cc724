import { userInfo } from 'node:os';
import type { AddCommand } from '../command-runtime.ts';
import { examples } from '../examples.ts';
import { exitCodes } from '../exit-code.ts';
import { parseJobId } from '../option-parsers.ts';
import { readPayloadFile } from '../payload-file.ts';

export const addDeadEdit: AddCommand = (dead, runtime) => {
  dead
    .command('edit')
    .argument('<id>', 'such as j40', parseJobId)
    .argument('<file>', 'the whole new payload, JSON or YAML; - reads stdin')
    .description('save an edited payload of a dead letter; its next replay sends it')
    .addHelpText('after', examples(['sluice job j40 --json | jq .payload > p.json', 'what was sent'], ['sluice dead edit j40 p.json', 'saves the edit, and sends nothing']))
    .action(
      runtime.action(async (context, id: string, file: string) => {
        const payload = await readPayloadFile('<file>', file, context.terminal, 'the whole payload');
        const client = await context.connect();
        const { draft } = await client.call('draft/save', { id, payload, savedBy: userName() });
        const result = { id, ...(draft === undefined ? {} : { draft }) };
        context.show(result, () => (draft === undefined ? `That is the payload of ${id} as it was sent: no edit is kept.` : `The edit of ${id} is saved: \`sluice dead replay ${id}\` sends it, \`sluice dead drop-edit ${id}\` drops it.`));
        return exitCodes.done;
      }),
    );
};

/** Not every account has a name, in a container for one. */
function userName(): string {
  try {
    return userInfo().username.slice(0, 100);
  } catch {
    return '';
  }
}
