// The last bytes of a stream, which tell whether it is inside a line or an event. Lines end with
// CR, LF or both. The same as in gateway/src/http/passing.rs.

const LF = 10;
const CR = 13;

export class Tail {
  /** The last three bytes: a stream begins like one that just ended an event. */
  #last = [LF, LF, LF];

  /** @param {Uint8Array} bytes */
  push(bytes) {
    this.#last = [...this.#last, ...bytes.subarray(-3)].slice(-3);
  }

  /**
   * Whether the next byte begins a line. After a lone CR that is unknown: an LF may follow.
   */
  get endsLine() {
    return this.#last[2] === LF;
  }

  /** Whether the last line is blank. */
  get endsEvent() {
    const [first, second, third] = this.#last;
    const isEnd = (/** @type {number} */ byte) => byte === LF || byte === CR;
    // "\r\n" is one line end, the other pairs are two.
    if (second === CR && third === LF) return isEnd(first);
    return isEnd(second) && isEnd(third);
  }
}
