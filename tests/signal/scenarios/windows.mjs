// The edge of each window of each receiver: what is just inside opens, what is just outside does not.

import { Conversation } from '../conversation.mjs';

// What must be left at least once, by receiver.
const FORCED = {
  latchstring: ['jump', 'closing', 'keys', 'chains', 'age', 'epochs'],
  libsignal_client: ['jump', 'post-quantum jump', 'keys', 'chains', 'post-quantum keys', 'epochs'],
  libsignal: ['jump', 'closing'],
};

const EDGES = { at_first, far_ahead, closing, kept_keys, post_quantum_keys, chains, bare_chains, age, epochs };

export async function windows({ tally, pairs }) {
  for (const { version, pair } of pairs) {
    for (const driver_receives of [true, false]) {
      for (const sender_begins of [true, false]) {
        for (const [name, edge] of Object.entries(EDGES)) {
          if (name === 'at_first' && !sender_begins) continue;
          const [driver, peer] = await pair('ids');
          const [sender, receiver] = driver_receives ? [peer, driver] : [driver, peer];
          const roles = sender_begins ? [sender, receiver] : [receiver, sender];
          const conversation = new Conversation(tally, version, ...roles);
          await conversation.begin(true);
          const { initiator, responder } = conversation;
          const [from, to] = sender_begins ? [initiator, responder] : [responder, initiator];
          if (name !== 'at_first') await conversation.round(initiator);
          await edge(conversation, from, to, to.model.receiver.windows);
        }
      }
    }
  }
  const receivers = new Set(pairs.flatMap(({ driver, peer }) => [driver.kind, peer.kind]));
  for (const kind of receivers) tally.forced(...FORCED[kind].map((window) => `${kind} ${window}`));
}

const jump_of = (limits) => limits.jump ?? limits.skip;

async function several(conversation, from, count) {
  const list = [];
  while (list.length < count) list.push(await conversation.send(from));
  return list;
}

async function each(conversation, list) {
  for (const message of list) await conversation.deliver(message);
}

// Messages around the edge of a jump, the farthest first: until one opens, none does.
async function farthest_first(conversation, from, limits, before) {
  const held = await conversation.send(from);
  await conversation.skip(from, jump_of(limits) - before);
  await each(conversation, (await several(conversation, from, 6)).reverse());
  await conversation.deliver(held);
}

async function at_first(conversation, from, _to, limits) {
  await farthest_first(conversation, from, limits, 4);
}

async function far_ahead(conversation, from, _to, limits) {
  await conversation.deliver(await conversation.send(from));
  await farthest_first(conversation, from, limits, 4);
}

// A chain ends with messages that did not come, and the next begins with such.
async function closing(conversation, from, to, limits) {
  if (jump_of(limits) > 2000) return;
  await conversation.deliver(await conversation.send(from));
  const held = await conversation.send(from);
  await conversation.skip(from, 1500);
  await conversation.deliver(await conversation.send(to));
  const second = await conversation.send(from);
  await conversation.skip(from, 490);
  await each(conversation, (await several(conversation, from, 16)).reverse());
  await each(conversation, [held, second]);
  await conversation.deliver(await conversation.send(to));

  // What closes alone is more than the receiver follows.
  await conversation.deliver(await conversation.send(from));
  await conversation.skip(from, jump_of(limits) + 1);
  await conversation.deliver(await conversation.send(to));
  await each(conversation, await several(conversation, from, 3));
}

// 2,003 keys passed over in one chain, in three jumps.
async function kept_keys(conversation, from) {
  await conversation.deliver(await conversation.send(from));
  const held = await several(conversation, from, 6);
  await conversation.skip(from, 997);
  await conversation.deliver(await conversation.send(from));
  await conversation.skip(from, 500);
  await conversation.deliver(await conversation.send(from));
  await conversation.skip(from, 500);
  await conversation.deliver(await conversation.send(from));
  await each(conversation, held);
  await each(conversation, held);
}

// Few keys passed over, but all long ago.
async function post_quantum_keys(conversation, from) {
  await conversation.deliver(await conversation.send(from));
  const held = await several(conversation, from, 4);
  for (let count = 0; count < 2; count += 1) {
    await conversation.skip(from, 990);
    await conversation.deliver(await conversation.send(from));
  }
  await each(conversation, await several(conversation, from, 19));
  await each(conversation, held);
}

// A message held back in each of nine chains.
async function chains(conversation, from, to) {
  const held = [];
  for (let count = 0; count < 9; count += 1) {
    held.push(await conversation.send(from));
    await conversation.round(from);
  }
  await each(conversation, held);
  await each(conversation, held);
}

// A message held back in one, and nothing in the nine after it.
async function bare_chains(conversation, from) {
  const held = await conversation.send(from);
  for (let count = 0; count < 9; count += 1) await conversation.round(from);
  await conversation.deliver(held);
}

// The same over so many chains that age alone decides.
async function age(conversation, from) {
  const held = await several(conversation, from, 2);
  for (let count = 0; count < 65; count += 1) await conversation.round(from);
  await conversation.deliver(held[0]);
  await conversation.round(from);
  await conversation.deliver(held[1]);
}

// Several epochs in few chains: whole bursts of messages in turn, of which the first is held back.
async function epochs(conversation, from, to) {
  if (conversation.version !== 4) return;
  for (const order of [(list) => list, (list) => [...list].reverse()]) {
    const held = [];
    for (let burst = 0; burst < 8; burst += 1) {
      held.push(await conversation.send(from));
      await each(conversation, await several(conversation, from, 50));
      await each(conversation, await several(conversation, to, 50));
      if (burst % 4 === 3) await each(conversation, order(held.splice(0)));
    }
  }
}
