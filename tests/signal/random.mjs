// A small generator (SplitMix, 32 bits): a run is the same for the same seed, but for the peers' own keys.

export class Random {
  constructor(seed) {
    this.state = seed >>> 0;
  }

  // A number from 0 to below `bound`.
  below(bound) {
    this.state = (this.state + 0x9e3779b9) >>> 0;
    let mixed = this.state;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) % bound;
  }

  chance(percent) {
    return this.below(100) < percent;
  }

  bytes(length) {
    return Buffer.from(Array.from({ length }, () => this.below(256)));
  }
}
