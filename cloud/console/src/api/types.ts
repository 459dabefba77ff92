// What the API speaks of, by the names that its OpenAPI document gives.
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Agent = Schemas["Agent"];
export type Alarm = Schemas["Alarm"];
export type History = Schemas["History"];
export type HistoryRow = Schemas["HistoryRow"];
export type HistoryThing = Schemas["HistoryThing"];
export type Item = Schemas["Item"];
export type Package = Schemas["Package"];
export type Passage = Schemas["Passage"];
export type Person = Schemas["Person"];
export type State = Item["state"];
