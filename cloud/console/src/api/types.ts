// What the API speaks of, by the names that its OpenAPI document gives.
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Act = Schemas["ActShown"];
export type ActResult = Schemas["ActResult"];
export type Agent = Schemas["Agent"];
export type Alarm = Schemas["Alarm"];
export type Case = Schemas["Case"];
export type Custody = Schemas["Custody"];
export type Gap = Schemas["GapShown"];
export type Hand = Schemas["HandShown"];
export type History = Schemas["History"];
export type HistoryRow = Schemas["HistoryRow"];
export type HistoryThing = Schemas["HistoryThing"];
export type Item = Schemas["Item"];
export type OwnAccount = Schemas["OwnAccount"];
export type Package = Schemas["Package"];
export type PackageRow = Schemas["PackageRow"];
export type Passage = Schemas["Passage"];
export type Passkey = Schemas["Passkey"];
export type Person = Schemas["Person"];
export type State = Item["state"];
export type Reading = Schemas["ReadingShown"];
export type Session = Schemas["Session"];
export type SensorContact = Schemas["ContactShown"];
export type SensorValue = Schemas["SensorShown"];
export type Role = Schemas["Role"];
export type Slot = Schemas["Slot"];
export type Course = Schemas["Course"];
export type CoursePoint = Schemas["PointShown"];
export type TelemetrySeries = Schemas["SeriesShown"];
