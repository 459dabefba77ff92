import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import openapiTS, { astToString } from "openapi-typescript";
import { describe, expect, it } from "vitest";
import { createI18n } from "vue-i18n";

import { address, idPath } from "../src/api/client";
import { OFFLINE, Problem, problemIn, tell } from "../src/api/problem";
import { thingIn } from "../src/api/text_label";
import en from "../src/locales/en.json";
import zh from "../src/locales/zh-CN.json";

const words = (locale: "en" | "zh-CN") =>
  createI18n({ legacy: false, locale, messages: { en, "zh-CN": zh } }).global;

function answer(status: number, body: string, type = "application/problem+json"): Response {
  return new Response(body, { status, headers: { "content-type": type } });
}

describe("the types", () => {
  it("are those of the OpenAPI document (else: npm run api)", async () => {
    const document = new URL("../src/api/openapi.json", import.meta.url);
    const written = readFileSync(fileURLToPath(new URL("../src/api/schema.ts", import.meta.url)), "utf-8");
    const types = astToString(await openapiTS(document, { silent: true }));
    expect(written.slice(written.indexOf("export interface paths"))).toBe(types.slice(types.indexOf("export interface paths")));
  }, 30_000);
});

describe("addresses", () => {
  it("keep the slash of an id and escape the rest", () => {
    expect(idPath("nj01/I-00?x#1")).toBe("nj01/I-00%3Fx%231");
    expect(address("/api/v1/items/{id}", { id: "nj01/I-1" })).toBe("/api/v1/items/nj01/I-1");
  });

  it("leave out what was not asked for", () => {
    expect(address("/api/v1/items", {}, { q: "烟", state: null, after: "" })).toBe("/api/v1/items?q=%E7%83%9F");
    expect(address("/api/v1/live", {}, { after: -1 })).toBe("/api/v1/live?after=-1");
  });
});

describe("problems", () => {
  it("are told by the reason of a refusal, in the language spoken", async () => {
    const refused = await problemIn(answer(409, '{"code": "refused", "reason": "legal_hold", "rule": "gate.hold"}'));
    expect(tell(refused, words("en"))).toBe(en.reason.legal_hold);
    expect(tell(refused, words("zh-CN"))).toBe(zh.reason.legal_hold);
  });

  it("are told by their code where there is no reason", async () => {
    expect(tell(await problemIn(answer(401, '{"code": "wrong_password"}')), words("zh-CN"))).toBe(zh.problem.wrong_password);
    expect(tell(new Problem(0, OFFLINE), words("en"))).toBe(en.problem.offline);
  });

  it("are told by their kind where the code is unknown or the answer is none of ours", async () => {
    expect(tell(await problemIn(answer(502, "<html>", "text/html")), words("en"))).toContain("status_502");
    expect(tell(await problemIn(answer(409, '{"code": "brand_new"}')), words("en"))).toContain("brand_new");
    expect(tell(await problemIn(answer(500, "not JSON")), words("en"))).toContain("status_500");
    expect(tell(new TypeError("a bug"), words("en"))).toBe(en.problem.unexpected);
  });
});

describe("what a hand scanner types", () => {
  // Written by wire/labels.py: item nj01/I-0000000001, issue 3.
  const LABEL = "ST1:V50KH06/D7460:53W5646646646646LD6.-JQF4JEATX0SA550H11C5QOMZUXD1NPI:UVP*BW1V-M6OGSCXVUJ9S5Q:PRZNI51U-+4RVU+Q4UYUHTMBUM3D5TZJALOA0";

  it("names the thing", () => {
    expect(thingIn(LABEL)).toBe("nj01/I-0000000001");
    expect(thingIn(`${LABEL}\r\n`)).toBe("nj01/I-0000000001");
  });

  it("names nothing when damaged or cut short", () => {
    for (const bad of [LABEL.slice(0, 60), LABEL.replace("ST1:", "ST1:ab"), "ST1:", "ST1:::::"]) expect(thingIn(bad)).toBeNull();
  });

  it("may be an id, and is nothing of ours otherwise", () => {
    expect(thingIn(" nj01/P-4HC9TT2W0E ")).toBe("nj01/P-4HC9TT2W0E");
    expect(thingIn("中华")).toBeNull();
    expect(thingIn("宁烟立/2026")).toBeNull();
  });
});
