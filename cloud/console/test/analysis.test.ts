import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { createI18n } from "vue-i18n";

import { amount, barOf, besides, called, type Figure, type Finding, groupsOf, lastDays, linksOf, type Section, sentence, typeOf, type UnitSection, unitsBelow, wayOf } from "../src/analysis/analysis";
import en from "../src/locales/en.json";
import zh from "../src/locales/zh-CN.json";

const i18n = createI18n({ legacy: false, locale: "en", messages: { en, "zh-CN": zh } });
const said = i18n.global as unknown as Parameters<typeof amount>[2];
const figure = (own: Partial<Figure>): Figure => ({ subject: "s", value: 1, unit: "percent", n: 1, course: [], ...own }) as Figure;

describe("what stands out", () => {
  const document = JSON.parse(readFileSync(new URL("../src/api/openapi.json", import.meta.url), "utf-8")) as {
    components: { schemas: { Finding: { properties: { kind: { enum: string[] }; weakens: { items: { enum: string[] } } } }; Section: { properties: { absent: { anyOf: { enum?: string[] }[] } } }; Evidence: { properties: { about: { enum: string[] } } } } };
  };
  const { Finding, Section, Evidence } = document.components.schemas;

  it("has its words in both languages, whatever the API may tell of it", () => {
    for (const { analysis } of [en, zh]) {
      for (const kind of Finding.properties.kind.enum) for (const group of [analysis.kind, analysis.what, analysis.said]) expect(Object.keys(group)).toContain(kind);
      for (const code of Finding.properties.weakens.items.enum) expect(Object.keys(analysis.weakens)).toContain(code);
      for (const code of Section.properties.absent.anyOf[0]!.enum!) expect(Object.keys(analysis.absent)).toContain(code);
      for (const about of Evidence.properties.about.enum.filter((one) => one !== "entry")) expect(Object.keys(analysis.about)).toContain(about);
    }
  });

  it("is said in units that a person would use", () => {
    expect(amount(4, "seconds", said)).toBe("4 s");
    expect(amount(1800, "seconds", said)).toBe("30 min");
    expect(amount(5.25, "hours", said)).toBe("5.3 h");
    expect(amount(240, "hours", said)).toBe("10 days");
    expect(amount(1, "days", said)).toBe("1 day");
    expect(amount(99.6, "percent", said)).toBe("100 %");
  });

  it("leads to the page that shows the evidence", () => {
    expect(wayOf({ about: "entry", id: "7", thing: "nj01/P-1", alarm: null })).toBe("/history/nj01/P-1#entry-7");
    expect(wayOf({ about: "entry", id: "7", thing: "nj01/A-AB12CD34EF" })).toBe("/acts/nj01/A-AB12CD34EF#entry-7");
    expect(wayOf({ about: "entry", id: "7", thing: null, alarm: 3 })).toBe("/alarms/3");
    expect(wayOf({ about: "entry", id: "7" })).toBeNull();
    expect(wayOf({ about: "ticket", id: "9" })).toBe("/tickets/9");
    expect(wayOf({ about: "stock_take", id: "nj01/T-AB12CD34EF" })).toBe("/stock-takes/nj01/T-AB12CD34EF");
  });

  const found = {
    kind: "same_pair", subject: "nj01/U-A", name: "Wang", other: "nj01/U-X", other_name: "Zhao", aspect: "approve_release", value: 100, unit: "percent",
    expected_low: 0, expected_high: 50, hits: 11, n: 11, weakens: [], evidence: [{ about: "thing", id: "nj01/I-1" }, { about: "entry", id: "4" }],
  } as unknown as Finding;

  it("is one sentence with all that it says", () => {
    expect(sentence(found, said)).toBe("Zhao approved 11 of 11 requests by Wang (Approve release): 100 %; 50 % would be usual.");
    expect(sentence({ ...found, kind: "devices", subject: "nj01.a", name: null, aspect: "cam", expected_low: 99, expected_high: 100, value: 93 }, said)).toContain("at least 99 %");
    expect(sentence({ ...found, kind: "saturation", value: 0, unit: "days" }, said)).toBe("Wang is full.");
  });

  it("names in a ticket what a site knows, and guesses its type where that is plain", () => {
    expect(linksOf(found)).toEqual(["nj01/U-A", "nj01/U-X", "nj01/I-1"]);
    expect([typeOf("discrepancy"), typeOf("devices"), typeOf("same_pair")]).toEqual(["missing_goods", "equipment", ""]);
  });

  it("is called by its name, by the rules, by our words, or by its id", () => {
    expect(called("dwell", { subject: "sealed" }, said)).toBe("Sealed");
    expect(called("ageing", { subject: "730-" }, said)).toBe("730 days and more");
    expect(called("lead_time", { subject: "rule.unknown" }, said)).toBe("rule.unknown");
    expect(called("devices", { subject: "nj01.a", aspect: "cam" }, said)).toBe("nj01.a · cam");
  });

  it("is drawn on one scale a group, within its frame", () => {
    expect(barOf(figure({ value: 30, low: 20, high: 400 }), 100)).toEqual({ width: 30, from: 20, to: 100 });
    const section = { kind: "devices", figures: [figure({}), figure({ unit: "hours" })] } as unknown as Section;
    expect(groupsOf(section).map((group) => group.name)).toEqual(["percent", "hours"]);
  });

  it("is looked for in the last days up to now", () => {
    expect(lastDays(1, Date.parse("2026-11-22T03:00:00Z"))).toEqual({ since: "2026-11-21T03:00:00.000Z", until: "2026-11-22T03:00:00.000Z" });
  });

  it("leads to the other site where the evidence is of one", () => {
    expect(wayOf({ about: "entry", id: "7", thing: null, alarm: 3 }, "sz01")).toBe("/alarms/3?site=sz01");
    expect(wayOf({ about: "ticket", id: "9" }, "sz01")).toBe("/tickets/9?site=sz01");
    expect(wayOf({ about: "thing", id: "sz01/P-1" }, "sz01")).toBe("/history/sz01/P-1");
    expect(wayOf({ about: "zone", id: "sz01/Z-1" }, "sz01"), "the page of zones is that of my site").toBe("/sites#sz01");
  });

  it("lays sites side by side in their order, all together before them, and says where the cases are few", () => {
    const compared: UnitSection["figures"][number] = { subject: "all", unit: "percent", sites: { sz01: { value: 4, n: 50 }, nj01: { value: 9, n: 3 } }, together: { value: 5, n: 53 } };
    const sites = ["nj01", "nj02", "sz01"].map((id) => ({ id, name: id.toUpperCase() }));
    const bars = besides(compared, sites, "all of it", (site) => (site === "nj01" ? " (few)" : ""));
    expect(bars.map((bar) => [bar.name, bar.value])).toEqual([["all of it", 5], ["NJ01 (few)", 9], ["SZ01", 4]]);
    expect(besides({ ...compared, together: null }, sites, "", () => "").length).toBe(2);
    expect(besides(compared, sites.slice(0, 1), "", () => "").length, "one is all").toBe(1);
  });

  it("offers the units at or below mine, and none above or beside", () => {
    const unit = (id: string, parent: string | null) => ({ id, parent, name_zh: id, name_en: id });
    const units = [unit("js", null), unit("nj", "js"), unit("nj-a", "nj"), unit("sz", "js"), unit("zj", null)];
    const site = (id: string, of: string | null) => ({ id, name_zh: id, name_en: id, unit: of });
    expect(unitsBelow("nj", units, [site("nj01", "nj-a")]).map((each) => [each.unit.id, each.depth])).toEqual([["nj", 0], ["nj-a", 1]]);
    expect(unitsBelow(null, units, [site("x", null)])).toEqual([]);
  });
});
