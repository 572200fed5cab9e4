// Long conversations with loss, reordering, repetition and changed messages.

import { Conversation } from '../conversation.mjs';

export async function conversations({ tally, pairs, random, messages }) {
  for (const { version, pair } of pairs) {
    for (const driver_begins of [true, false]) {
      const [driver, peer] = await pair('ids');
      const roles = driver_begins ? [driver, peer] : [peer, driver];
      const conversation = new Conversation(tally, version, ...roles);
      await conversation.begin(random.chance(50));
      await talk(conversation, messages, driver, random);
    }
  }
}

// Mostly a message comes at once; some come after later ones, a few very late, and a quarter never.
function delay(random) {
  const dice = random.below(100);
  if (dice < 70) return 0;
  return dice < 95 ? 1 + random.below(30) : random.below(400);
}

async function talk(conversation, messages, driver, random) {
  const { initiator, responder } = conversation;
  const waiting = [];
  let side = initiator;
  for (let sent = 0; sent < messages; sent += 1) {
    const message = await conversation.send(side, random.bytes(random.below(120)).toString('hex'));
    // The handshake's first message comes through: without it nobody has a session.
    if (sent === 0 || !random.chance(25)) waiting.push([sent + (sent && delay(random)), message]);
    if (random.chance(4)) waiting.push([sent + 1 + delay(random), message]);
    for (const [at, due] of waiting.splice(0)) {
      if (at > sent) {
        waiting.push([at, due]);
        continue;
      }
      if (random.chance(3)) await conversation.forge(due, random.below(24));
      await conversation.deliver(due);
    }
    if (random.chance(5)) await driver.ask('reload');
    // A responder has nothing to answer to before it has opened a message, which is the first.
    if (random.chance(35)) side = side === initiator ? responder : initiator;
  }
  for (const [, due] of waiting) await conversation.deliver(due);
}
