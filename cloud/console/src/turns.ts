// Questions that overlap, and which of their answers count.

/** `ask` for many: who calls while it is under way gets one more that begins afterwards, for the first may know too little. */
export function inTurn(ask: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null;
  let next: Promise<void> | null = null;

  function begin(): Promise<void> {
    next = null;
    running = ask().finally(() => (running = null));
    return running;
  }

  return () => {
    if (running === null) return begin();
    next ??= running.then(begin, begin);
    return next;
  };
}

/** Called with each question, and with each change that answers under way cannot know; says whether nothing newer came. */
export function latest(): () => () => boolean {
  let last = 0;
  return () => {
    const mine = ++last;
    return () => mine === last;
  };
}
