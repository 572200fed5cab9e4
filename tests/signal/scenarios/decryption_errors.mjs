// A message that cannot be opened is answered in clear, and the session is made anew.

import { Conversation } from '../conversation.mjs';
import { header } from '../wire.mjs';

const TIMESTAMP = 1_800_000_000_123;

export async function decryption_errors({ tally, pairs }) {
  const { version, pair } = pairs.find((one) => one.version === 4);
  for (const driver_fails of [true, false]) {
    for (const sender_begins of [true, false]) {
      const [driver, peer] = await pair('ids');
      const [receiver, sender] = driver_fails ? [driver, peer] : [peer, driver];
      const roles = sender_begins ? [sender, receiver] : [receiver, sender];
      const conversation = new Conversation(tally, version, ...roles);
      await conversation.begin(true);
      for (let count = 0; count < 2; count += 1) await conversation.round(conversation.initiator);
      await heal(conversation, sender, receiver);
    }
  }
}

// The receiver says which message it could not open. Whether its session is the one to send in now is for the sender
// to find: a client that tells must tell what is so.
async function ask_again({ tally }, sender, receiver, { envelope }, is_current) {
  const { device } = sender.address;
  const { ratchet } = header(envelope.kind, Buffer.from(envelope.bytes, 'hex'));
  const asked = await receiver.ask('error_make', { ...envelope, ratchet, timestamp: TIMESTAMP, device });
  const read = await sender.ask('error_read', { from: receiver.address, ...asked });
  tally.delivered += 1;
  tally.expect(`${sender.title}: timestamp ${read.timestamp}`, read.timestamp === TIMESTAMP);
  tally.expect(`${sender.title}: device ${read.device}`, read.device === device);
  tally.expect(`${sender.title}: ratchet key`, read.ratchet === ratchet);
  tally.expect(`${sender.title}: current ${read.current}`, read.current === is_current);
}

async function heal(conversation, sender, receiver) {
  const { tally, version } = conversation;
  const from = [conversation.initiator, conversation.responder].find(({ client }) => client === sender);
  const lost = await conversation.send(from, '0d');
  await conversation.forge(lost, 0);
  await ask_again(conversation, sender, receiver, lost, true);

  // The sender makes the session anew and sends again; what it asks of older sessions asks for nothing.
  await sender.ask('archive', { of: receiver.address });
  const anew = new Conversation(tally, version, sender, receiver);
  await anew.begin(true);
  const again = await anew.send(anew.initiator, '0d');
  tally.expect('made anew', again.envelope.kind === 'prekey');
  await ask_again(conversation, sender, receiver, lost, false);
  await anew.deliver(again);
  for (let count = 0; count < 3; count += 1) await anew.round(anew.responder);
  // The lost message was whole: the session that it belongs to still opens it.
  await conversation.deliver(lost);
  await anew.round(anew.initiator);
}
