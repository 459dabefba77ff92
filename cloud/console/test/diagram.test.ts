import { describe, expect, it } from "vitest";

import { NODE, draw, layersOf, linesOf } from "../src/rules/diagram";
import type { Step } from "../src/rules/pack";
import { problemOf } from "../src/importing/upload";

const words = { zh: "", en: "" };
const step = (action: string, from: string[] | "any", to: string): Step => ({ action, from, to, held: true, rule: "r" });
const content = {
  states: { begun: { ...words, start: ["item"] }, kept: words, out: words, gone: { ...words, final: true } },
  steps: [step("keep", ["begun"], "kept"), step("lend", ["kept"], "out"), step("return", ["out"], "kept"), step("destroy", ["out", "kept"], "gone"), step("weigh", ["kept"], "same"), step("move", ["kept"], "kept")],
};

describe("the diagram of states", () => {
  it("has a line for every pair of states, with all actions that take it, and none for what changes no state", () => {
    const lines = linesOf({ ...content, steps: [...content.steps, step("burn", ["kept"], "gone")] });
    expect(lines.map((line) => `${line.from}>${line.to}:${line.actions.join("+")}`).sort()).toEqual([
      "begun>kept:keep", "kept>gone:destroy+burn", "kept>out:lend", "out>gone:destroy", "out>kept:return",
    ]);
  });

  it("puts every state in the layer of the fewest steps that lead there", () => {
    const layers = layersOf(Object.keys(content.states), linesOf(content));
    expect(Object.fromEntries(layers)).toEqual({ begun: 0, kept: 1, out: 2, gone: 2 });
  });

  it("draws every state once, none upon another, inside the picture, and lines back as such", () => {
    const { nodes, edges, width, height } = draw(content);
    expect(nodes.map((node) => node.state).sort()).toEqual(Object.keys(content.states).sort());
    for (const [at, one] of nodes.entries()) {
      expect(one.x >= 0 && one.y >= 0 && one.x + NODE.width <= width && one.y + NODE.height <= height).toBe(true);
      for (const other of nodes.slice(at + 1)) expect(Math.abs(one.x - other.x) >= NODE.width || Math.abs(one.y - other.y) >= NODE.height).toBe(true);
    }
    expect(edges.filter((edge) => edge.back).map((edge) => `${edge.from}>${edge.to}`)).toEqual(["out>kept"]);
    expect(nodes.filter((node) => node.final).map((node) => node.state)).toEqual(["gone"]);
  });

  it("draws a circle too, which has no beginning", () => {
    const round = { states: { a: words, b: words }, steps: [step("go", ["a"], "b"), step("back", ["b"], "a")] };
    expect(draw(round).nodes).toHaveLength(2);
  });
});

describe("a refused file", () => {
  it("brings its faults, and how many there are in all", () => {
    const fault = { row: 3, column: "quantity", code: "quantity", zh: "数量：", en: "quantity:", other_row: null };
    const problem = problemOf(422, JSON.stringify({ code: "import_faults", detail: "row 3", faults: [fault], fault_count: 812 }));
    expect([problem.code, problem.faults, problem.faultCount]).toEqual(["import_faults", [fault], 812]);
  });

  it("is told by its status where something else answered", () => {
    expect(problemOf(502, "<html>").code).toBe("status_502");
    expect(problemOf(409, '{"code":"import_conflict"}').faultCount).toBe(0);
  });
});
