import { describe, expect, it } from "vitest";

import { NOTHING, press } from "../src/keys/press";

describe("single keys", () => {
  it("act, and g waits for where to", () => {
    expect(press(NOTHING, "a", 1000).act).toBe("a");
    const going = press(NOTHING, "g", 1000);
    expect(going.act).toBe(null);
    expect(press(going, "a", 1200).act).toBe("g a");
    expect(press(going, "a", 3000).act).toBe("a"); // forgotten meanwhile
  });

  it("are none where a scanner types: what follows at once calls off what came before", () => {
    let pressed = NOTHING;
    const acts: (string | null)[] = [];
    for (const [at, key] of [..."st1:gaeat"].entries()) {
      pressed = press(pressed, key, 1000 + at * 8);
      acts.push(pressed.act);
    }
    expect(acts).toEqual(["s", ...Array(8).fill(null)]); // the first is called off before it is done
    expect(press(pressed, "a", 2000).act).toBe("a");
  });
});
