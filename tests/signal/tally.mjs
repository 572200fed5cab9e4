// What a scenario counts.

// The errors by which this library says why it does not open: a window has its own. Other clients are vague.
const KEY_GONE = ['Duplicate', 'MessageKeyGone'];
const ERRORS = {
  'latchstring jump': ['TooFarAhead'],
  'latchstring closing': ['TooFarAhead'],
  'latchstring post-quantum jump': ['TooFarAhead'],
  'latchstring group jump': ['TooFarAhead'],
  'latchstring keys': KEY_GONE,
  'latchstring post-quantum keys': KEY_GONE,
  'latchstring group keys': KEY_GONE,
  'latchstring forged': ['Forged'],
  'latchstring group forged': ['BadSignature'],
  'latchstring other member': ['BadSignature', 'MessageKeyGone'],
  'latchstring unknown identity': ['IdentityChanged'],
};

export class Tally {
  sent = 0;
  delivered = 0;
  opened = 0;
  refused = {};
  unexplained = [];
  epochs = 0;

  // What came of a message that was delivered, against what was predicted: the window of its reader that it is lost
  // by, if any.
  judge(place, reader, window, answer, text) {
    this.delivered += 1;
    const what = `${reader.title ?? ''} ${place}`;
    const predicted = window && `${reader.kind} ${window}`;
    const opened = answer.text !== undefined;
    if (opened) this.opened += 1;
    if (predicted) this.refused[predicted] = (this.refused[predicted] ?? 0) + 1;
    const outcome = opened ? 'opened' : `${answer.error ?? answer.lacking}: ${answer.reason ?? ''}`;
    if (opened === Boolean(predicted)) {
      this.wrong(`${what}: predicted ${predicted ?? 'to open'}, but ${outcome}`);
    } else if (opened && answer.text !== text) {
      this.wrong(`${what}: opened to another text`);
    } else if (!opened && ERRORS[predicted]?.includes(answer.error) === false) {
      this.wrong(`${what}: ${predicted} is called ${answer.error}`);
    }
  }

  wrong(what) {
    this.unexplained.push(what);
  }

  expect(what, holds) {
    if (!holds) this.wrong(what);
  }

  // A window that was to be forced, and was not, proves nothing.
  forced(...windows) {
    for (const window of windows) this.expect(`the window "${window}" was never left`, this.refused[window]);
  }
}
