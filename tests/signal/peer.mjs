// A peer in a process of its own: `node peer.mjs libsignal_client|libsignal` reads a request a line and writes an
// answer a line, both JSON, bytes in hexadecimal. The driver of this library speaks the same lines; the requests
// are the methods of the clients in peers/. An answer is {"error": name} where the client refuses.

import { createInterface } from 'node:readline';

const { Client } = await import(`./peers/${process.argv[2]}.mjs`);
const clients = new Map();

async function answer({ op, me, ...request }) {
  if (op === 'new') {
    clients.set(me, new Client(request));
    return clients.get(me).describe();
  }
  const client = clients.get(me);
  if (typeof client?.[op] !== 'function') return { lacking: op };
  try {
    return await client[op](request);
  } catch (error) {
    return { error: error.name, reason: String(error.message) };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await answer(JSON.parse(line)))}\n`);
}
