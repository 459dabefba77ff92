import { readFileSync, readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";

import en from "../src/locales/en.json";
import zh from "../src/locales/zh-CN.json";
import { chooseLanguage } from "../src/language";

type Texts = { [key: string]: string | Texts };

function texts(tree: Texts, at = ""): [string, string][] {
  return Object.entries(tree).flatMap(([key, value]) => {
    const path = at ? `${at}.${key}` : key;
    return typeof value === "string" ? [[path, value] as [string, string]] : texts(value, path);
  });
}

const LOCALES = { en: new Map(texts(en)), "zh-CN": new Map(texts(zh)) };
const SOURCE = new URL("../src/", import.meta.url);
const ROOT = new URL("../../../", import.meta.url);

function read(path: string, base = SOURCE): string {
  return readFileSync(new URL(path, base), "utf-8");
}

function members(path: string, name: string): string[] {
  const body = new RegExp(`class ${name}\\(.*?\\):\\n([\\s\\S]*?)(?=\\n\\S|$)`).exec(read(path, ROOT))?.[1] ?? "";
  return [...body.matchAll(/^    [A-Z_]+ = "(\w+)"(?:  #.*)?$/gm)].map((match) => match[1] as string);
}

describe("both languages", () => {
  it("have the same texts, none empty", () => {
    expect([...LOCALES["zh-CN"].keys()]).toEqual([...LOCALES.en.keys()]);
    for (const all of Object.values(LOCALES)) for (const [key, text] of all) expect(text.trim(), key).not.toBe("");
  });

  it("name the same values in each text", () => {
    const named = (text = "") => [...new Set(text.match(/\{\w+\}/g))].sort();
    for (const [key, text] of LOCALES.en) expect(named(LOCALES["zh-CN"].get(key)), key).toEqual(named(text));
  });

  it("have every text that a page asks for by name", () => {
    const files = readdirSync(SOURCE, { recursive: true, encoding: "utf-8" }).filter((name) => /\.(vue|ts)$/.test(name));
    const asked = files.flatMap((name) =>
      [...read(name).matchAll(/(?:\bt\(|\bkeypath=|\btitle: )\s*["']([a-z]\w*(?:\.\w+)*)["']/gi)].map((match) => match[1]),
    );
    expect(asked.length).toBeGreaterThan(60);
    for (const key of asked) expect(LOCALES.en.has(key as string), key).toBe(true);
  });

  it.each([
    ["state", members("custody/things.py", "State")],
    ["direction", members("custody/things.py", "Direction")],
    ["reason", members("custody/decisions.py", "Reason")],
    ["fact", members("wire/kinds.py", "FactKind")],
    ["role", members("custody/roles.py", "Role")],
  ])("have words for every %s that there is", (group, values) => {
    expect(values.length).toBeGreaterThan(1);
    for (const value of values) expect(LOCALES.en.has(`${group}.${value}`), `${group}.${value}`).toBe(true);
  });
});

describe("the language to begin with", () => {
  it("is the one chosen before", () => {
    expect(chooseLanguage("en", ["zh-CN"])).toBe("en");
    expect(chooseLanguage("zh-CN", ["en-GB"])).toBe("zh-CN");
  });

  it("is else the browser's, Chinese of every kind and order of preference respected", () => {
    expect(chooseLanguage(null, ["zh-TW", "en"])).toBe("zh-CN");
    expect(chooseLanguage(null, ["en-GB", "zh-CN"])).toBe("en");
    expect(chooseLanguage("nonsense", ["fr", "zh"])).toBe("zh-CN");
    expect(chooseLanguage(null, ["fr"])).toBe("en");
  });
});
