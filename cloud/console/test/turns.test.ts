import { describe, expect, it } from "vitest";

import { inTurn, latest } from "../src/turns";

/** A question whose answers are given by hand. */
function asked() {
  const open: (() => void)[] = [];
  const ask = inTurn(() => new Promise<void>((resolve) => open.push(resolve)));
  return { ask, open };
}

describe("questions that overlap", () => {
  it("are asked once more for all who came meanwhile", async () => {
    const { ask, open } = asked();
    const first = ask();
    const [second, third] = [ask(), ask()];
    expect(open).toHaveLength(1);
    open[0]?.();
    await first;
    await Promise.resolve();
    expect(open).toHaveLength(2);
    open[1]?.();
    await Promise.all([second, third]);
    expect(open).toHaveLength(2);
    void ask();
    expect(open).toHaveLength(3);
  });

  it("are asked again after one that failed", async () => {
    let tries = 0;
    const ask = inTurn(() => (++tries === 1 ? Promise.reject(new Error("gone")) : Promise.resolve()));
    const [first, second] = [ask(), ask()];
    await expect(first).rejects.toThrow("gone");
    await second;
    expect(tries).toBe(2);
  });

  it("only the last one's answer stands", () => {
    const question = latest();
    const [first, second] = [question(), question()];
    expect([first(), second()]).toEqual([false, true]);
  });
});
