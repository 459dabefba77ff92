import { describe, expect, it } from "vitest";

import { faultOf } from "../src/agents/agents";

describe("a fault of a site file", () => {
  it("is at its line, as the agent or YAML names it", () => {
    expect(faultOf("/etc/sealtrail/site.yaml:12: devices.0: no such driver")).toEqual({ line: 12, text: "devices.0: no such driver" });
    expect(faultOf("not YAML: while parsing in line 1, column 2 expected in line 3, column 5").line).toBe(3);
    expect(faultOf("keep_days: may not be set from afar").line).toBe(null);
  });
});
