/** The tables, by topic. Words are those of the glossary in ARCHITECTURE.md; one word per idea, from README to column. */
export * from "./schema/audit.ts";
export * from "./schema/chat.ts";
export * from "./schema/deliveries.ts";
export * from "./schema/explanations.ts";
export * from "./schema/incidents.ts";
export * from "./schema/learning.ts";
export * from "./schema/links.ts";
export * from "./schema/models.ts";
export * from "./schema/mutes.ts";
export * from "./schema/rollouts.ts";
