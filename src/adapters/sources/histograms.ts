import { isRecord, own, readMoment, shown, textOfValue } from "../../domain/alert/intake.ts";
import type { Profile } from "../../domain/monitoring/judge-profile.ts";
import { readProfile } from "../../domain/monitoring/profile-json.ts";
import { reportSettings, reportSettingsProblem, targetOf } from "../../domain/monitoring/report-settings.ts";
import { defineSource, type ParseResult, type RawDelivery } from "../../ports/source.ts";

const remedy =
  'Send {"model", "environment", "features": {"amount": {"edges": [0, 10, 20], "counts": [5, 7], "nulls": 1}, "country": {"counts": {"SE": 12}}}}, and once "reference" in the same form.';

/** Counts that a service pushes of its own features, predictions and labels; no row ever leaves it. */
export default defineSource({
  name: "histograms",
  summary: "Bins and counts of a model's features, predictions and labels",
  checks: ["bearer", "basic", "token"],
  parse,
  settingsProblem: reportSettingsProblem,
});

function parse(body: unknown, delivery: RawDelivery, settings: unknown): ParseResult {
  if (!isRecord(body)) return unparseable(`the body must be an object; got ${shown(body)}`);
  const target = targetOf(body, reportSettings(settings));
  if (target.kind === "problem") return unparseable(target.problem);
  const given = own(body, "at");
  const at = given === undefined ? delivery.receivedAt : readMoment(given);
  if (at === null) return unparseable(`"at" must be a time; got ${shown(given)}`);
  const read = readProfile(body);
  const other = own(body, "reference");
  const reference = isRecord(other) ? readProfile(other, "reference.") : null;
  const problems = [
    ...read.problems,
    ...(reference?.problems ?? []),
    ...(other === undefined || isRecord(other) ? [] : [`reference must be an object; got ${shown(other)}`]),
  ];
  const current = holdsAnything(read.profile) ? read.profile : null;
  const kept = reference !== null && holdsAnything(reference.profile) ? reference.profile : null;
  if (current === null && kept === null)
    return unparseable(problems[0] ?? `there is no histogram in it; got ${shown(own(body, "features"))}`);
  const { model, environment } = target;
  const id = textOfValue(own(body, "id"), 256);
  const push = { model, environment, id, at, current, reference: kept };
  return {
    kind: "parsed",
    delivery: { alerts: [], changes: [], topology: null, profiles: [push], problems: problems.slice(0, 20) },
  };
}

function holdsAnything({ features, prediction, labels }: Profile): boolean {
  return features.size > 0 || prediction !== null || labels !== null;
}

function unparseable(problem: string): ParseResult {
  return { kind: "unparseable", problem, remedy };
}
