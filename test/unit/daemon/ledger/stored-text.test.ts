import assert from 'node:assert/strict';
import { deliverySummary, type DeliverySummaryRow } from '../../../../daemon/ledger/view.ts';
import { readStoredText, storedText } from '../../../../daemon/ledger/stored-text.ts';
import { deliveryReason } from '../../../../schemas/wording/delivery.ts';
import { message, sentences, verbatim } from '../../../../schemas/wording/message.ts';

describe('a column of text for people', () => {
  const wording = message("The inputs of the run can't be made of it: {problem}", { problem: 'amount: it has no field' });
  const row: DeliverySummaryRow = {
    id: 3, workflow: 'orders', path: 'orders', received_at: 0, outcome: 'invalid', scheme: 'none', flaw: null, reason: storedText(wording), run_id: null, first_id: null, rerun_of: null, bytes: 2,
  };

  it('has the English text with its wording, and both are shown', () => {
    assert.deepEqual(readStoredText(storedText(wording)), { message: "The inputs of the run can't be made of it: amount: it has no field", wording });
    const shown = deliverySummary(row);
    assert.deepEqual([shown.reason, shown.reasonWording], ["The inputs of the run can't be made of it: amount: it has no field", wording]);
    assert.deepEqual(deliveryReason(shown), sentences(wording));
  });

  it('of an earlier version has the text only, and is shown as it is', () => {
    const shown = deliverySummary({ ...row, reason: 'The body is not valid JSON.' });
    assert.deepEqual([shown.reason, shown.reasonWording], ['The body is not valid JSON.', undefined]);
    assert.deepEqual(deliveryReason(shown), sentences(verbatim('The body is not valid JSON.')));
  });
});
