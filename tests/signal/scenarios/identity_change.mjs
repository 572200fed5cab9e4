// A device is set up anew under the same address: who knew it takes the new identity from nobody but the user.

import { Conversation } from '../conversation.mjs';

export async function identity_change({ tally, pairs, client }) {
  for (const { version, driver, peer } of pairs) {
    for (const [own, changed] of [[driver, peer], [peer, driver]]) {
      for (const changed_writes_first of [true, false]) {
        const keeps = await client(own);
        const before = await client(changed);
        const conversation = new Conversation(tally, version, keeps, before);
        await conversation.begin(true);
        for (let count = 0; count < 3; count += 1) await conversation.round(conversation.initiator);
        const anew = await client(changed, 'ids', before.address);
        const run = changed_writes_first ? it_writes : it_is_written_to;
        await run(tally, version, keeps, anew);
      }
    }
  }
}

async function it_writes(tally, version, keeps, anew) {
  const conversation = new Conversation(tally, version, anew, keeps);
  await conversation.begin(true);
  const first = await conversation.send(conversation.initiator, '0a');
  const refused = await conversation.open(conversation.responder, first.envelope);
  tally.judge('a first message of a new identity', keeps, 'unknown identity', refused, '');
  await go_on(conversation, first, keeps, anew);
}

async function it_is_written_to(tally, version, keeps, anew) {
  const conversation = new Conversation(tally, version, keeps, anew);
  const bundle = await anew.ask('bundle', { one_time: true, version });
  const refused = await keeps.try('begin', { to: anew.address, version, bundle });
  tally.expect(`${keeps.title} begins with a new identity unasked`, refused.error);
  await keeps.ask('trust', { of: anew.address, identity: anew.identity });
  await keeps.ask('begin', { to: anew.address, version, bundle });
  await go_on(conversation, await conversation.send(conversation.initiator, '0b'), keeps, anew);
}

async function go_on(conversation, first, keeps, anew) {
  await keeps.ask('trust', { of: anew.address, identity: anew.identity });
  await conversation.deliver(first);
  await conversation.deliver(await conversation.send(conversation.responder, '0c'));
  for (let count = 0; count < 5; count += 1) await conversation.round(conversation.initiator);
}
