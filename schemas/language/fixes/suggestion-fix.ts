import { changeHere, type Fixer } from './fix.ts';
import { replaceScalar } from './yaml-edit.ts';

/** "Did you mean": what the analysis has thought of already. One suggestion alone is what was meant; of several, a person chooses. */
export const suggestionFix: Fixer = (context) => {
  const { finding, text } = context;
  const { suggestions = [], range } = finding;
  const isOnly = suggestions.length === 1;
  return suggestions.flatMap((suggestion) =>
    changeHere(context, `Change to '${suggestion}'`, replaceScalar(text, range, suggestion), { preferred: isOnly, safe: isOnly && finding.message.includes('Did you mean') }),
  );
};
