// Every way to begin: both versions, both roles, with and without a one-time prekey. The message flow is short,
// and the state goes to bytes and back between all steps.

import { Conversation } from '../conversation.mjs';

export async function handshake({ tally, pairs, random }) {
  for (const { version, pair } of pairs) {
    for (const one_time of [true, false]) {
      for (const names of ['ids', 'plain']) {
        for (const driver_begins of [true, false]) {
          const [driver, peer] = await pair(names);
          const roles = driver_begins ? [driver, peer] : [peer, driver];
          await greet(new Conversation(tally, version, ...roles), one_time, driver, random);
        }
      }
    }
  }
}

async function greet(conversation, one_time, driver, random) {
  const { initiator, responder } = conversation;
  await conversation.begin(one_time);
  const first = [];
  for (let count = 0; count < 3; count += 1) {
    first.push(await conversation.send(initiator, random.bytes(count * 17).toString('hex')));
    await driver.ask('reload');
  }
  // They wrap the same handshake, come in any order, and each once.
  conversation.tally.expect('first messages', first.every(({ envelope }) => envelope.kind === 'prekey'));
  for (const message of [first[2], first[0], first[0], first[1]]) {
    await conversation.forge(message, 0);
    await conversation.deliver(message);
    await driver.ask('reload');
  }
  for (let count = 0; count < 10; count += 1) {
    for (const side of [responder, initiator]) {
      const message = await conversation.send(side, random.bytes(random.below(200)).toString('hex'));
      conversation.tally.expect('an answer ends the wrapping', message.envelope.kind === 'message');
      await driver.ask('reload');
      await conversation.deliver(message);
      await driver.ask('reload');
    }
  }
}
