import type { DeliveryOutcome, DeliverySummary, VerificationFlaw } from '../protocol/delivery.ts';
import { type Message, message, sentences } from './message.ts';
import { messageOfTold } from './told.ts';

/** What an outcome is called in a list. */
export const outcomeNames: Readonly<Record<DeliveryOutcome, Message>> = {
  started: message('started a run'),
  ignored: message('ignored'),
  invalid: message('invalid'),
  refused: message('refused'),
  duplicate: message('repeated'),
};

const flawTexts: Readonly<Record<VerificationFlaw, Message>> = {
  'no-signature': message('It has no signature: the header that the scheme wants is missing.'),
  'malformed-signature': message('Its signature is not written as the scheme wants it.'),
  'wrong-signature': message('Its signature does not fit its body: another secret was used, or something between here and the sender has changed the body.'),
  'no-timestamp': message('It does not say when it was sent, as the scheme wants it.'),
  'too-late': message('It was sent too long ago: it is an old request that was sent again, or the clock of this machine is ahead.'),
  'too-early': message('It was sent in the future: the clock of this machine, or of the sender, is wrong.'),
  'no-id': message('It has no id, which the scheme signs.'),
  'no-secret': message('It brought no secret.'),
  'wrong-secret': message('It brought another secret.'),
  'too-large': message('Its body is larger than what is accepted.'),
  undecodable: message('Its content coding is unknown, or its body is damaged.'),
  'unset-secret': message('The secret of the webhook is not set, so nothing can be verified. Its sender was asked to try again later.'),
  'unusable-secret': message('The secret of the webhook is not a key of its scheme, so nothing can be verified. Its sender was asked to try again later.'),
};

/** Why it started nothing, or nothing new; undefined if its outcome says all. */
export function deliveryReason({ flaw, reason, reasonWording, duplicateOf }: Pick<DeliverySummary, 'flaw' | 'reason' | 'reasonWording' | 'duplicateOf'>): Message | undefined {
  const parts = [
    ...(flaw === undefined ? [] : [flawTexts[flaw]]),
    ...(duplicateOf === undefined ? [] : [message('The same event as {delivery}.', { delivery: duplicateOf })]),
    ...(reason === undefined ? [] : [messageOfTold({ message: reason, wording: reasonWording })]),
  ];
  return parts.length === 0 ? undefined : sentences(...parts);
}
