import { writeTemplate } from "../../domain/explanation/template.ts";
import type { Explainer } from "../../ports.ts";

/** The deterministic explainer: always there, never waits, costs nothing. */
export function createTemplateExplainer(): Explainer {
  return {
    name: "template",
    explain: async (question) => ({ kind: "drafted", draft: writeTemplate(question), tokens: 0 }),
  };
}
