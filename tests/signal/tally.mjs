// What a scenario counts.

export class Tally {
  sent = 0;
  delivered = 0;
  opened = 0;
  refused = {};
  unexplained = [];
  epochs = 0;

  // What came of a message that was delivered, against what was predicted: the window that it is lost by, if any.
  judge(what, predicted, answer, text) {
    this.delivered += 1;
    const opened = answer.text !== undefined;
    if (opened) this.opened += 1;
    if (predicted) this.refused[predicted] = (this.refused[predicted] ?? 0) + 1;
    const outcome = opened ? 'opened' : `${answer.error ?? answer.lacking}: ${answer.reason ?? ''}`;
    if (opened === Boolean(predicted)) {
      this.wrong(`${what}: predicted ${predicted ?? 'to open'}, but ${outcome}`);
    } else if (opened && answer.text !== text) {
      this.wrong(`${what}: opened to another text`);
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
