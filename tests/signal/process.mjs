// A process that speaks a line for a line.

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

// Longer than anything takes that is asked.
const PATIENCE = 120_000;

export class Process {
  constructor(title, command, ...options) {
    this.title = title;
    this.child = spawn(command, options, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.waiting = [];
    const gone = (why) => {
      this.gone = new Error(`${title} is not there: ${why}`);
      for (const { reject } of this.waiting.splice(0)) reject(this.gone);
    };
    this.child.on('error', (error) => gone(error.message));
    this.child.on('close', (code) => gone(`it ended with ${code}`));
    this.child.stdin.on('error', () => {});
    createInterface({ input: this.child.stdout }).on('line', (line) => {
      const { resolve, reject } = this.waiting.shift();
      try {
        resolve(JSON.parse(line));
      } catch {
        reject(new Error(`${title} says what is no JSON: ${line}`));
      }
    });
  }

  ask(request) {
    if (this.gone) return Promise.reject(this.gone);
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`${this.title} does not answer`)), PATIENCE);
      const settled = (settle) => (value) => {
        clearTimeout(late);
        settle(value);
      };
      this.waiting.push({ resolve: settled(resolve), reject: settled(reject) });
      this.child.stdin.write(`${JSON.stringify(request)}\n`);
    });
  }

  // A client in it: what it is asked must succeed, but for what is asked with `try`.
  async client(me, own) {
    const { identity } = await this.must({ op: 'new', me, ...own });
    const { name, device, registration } = own;
    const client = { title: this.title, address: { name, device }, registration, identity };
    client.try = (op, request = {}) => this.ask({ op, me, ...request });
    client.ask = (op, request = {}) => this.must({ op, me, ...request });
    return client;
  }

  async must(request) {
    const answer = await this.ask(request);
    const why = answer.error ?? answer.lacking;
    if (why === undefined) return answer;
    throw new Error(`${this.title} cannot ${request.op}: ${why} ${answer.reason ?? ''}`);
  }

  end() {
    this.child.stdin.end();
  }
}
