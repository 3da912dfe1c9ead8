/** Every interface between the layers, by topic. Also what plug-in files import as "tocsin/plugin". */

export {
  buildAlert,
  isRecord,
  own,
  readAnnotations,
  readLabels,
  readMoment,
  shown,
  textOfValue,
} from "./domain/alert/intake.ts";
export { isSignedBody, isSignedMessage } from "./domain/alert/sender.ts";
export { serviceOf } from "./domain/alert/service-label.ts";
export {
  type Alert,
  fingerprint,
  type Labels,
  type Severity,
  severityOf,
} from "./domain/alert.ts";
export type { Change } from "./domain/change.ts";
export * from "./domain/command/answer.ts";
export type { Topology } from "./domain/topology.ts";
export * from "./domain/view.ts";
export * from "./ports/audit.ts";
export * from "./ports/charts.ts";
export * from "./ports/chat.ts";
export * from "./ports/command.ts";
export * from "./ports/console.ts";
export * from "./ports/delivery.ts";
export * from "./ports/digest.ts";
export * from "./ports/escalation.ts";
export * from "./ports/explainer.ts";
export * from "./ports/feedback.ts";
export * from "./ports/guard.ts";
export * from "./ports/http-client.ts";
export * from "./ports/incident.ts";
export * from "./ports/incident-channel.ts";
export * from "./ports/job.ts";
export * from "./ports/learning.ts";
export * from "./ports/lease.ts";
export * from "./ports/link.ts";
export * from "./ports/metric-source.ts";
export * from "./ports/model.ts";
export * from "./ports/monitoring.ts";
export * from "./ports/mute.ts";
export * from "./ports/noise.ts";
export * from "./ports/observability.ts";
export * from "./ports/on-call.ts";
export * from "./ports/operation-record.ts";
export * from "./ports/page.ts";
export * from "./ports/policy.ts";
export * from "./ports/post.ts";
export * from "./ports/request.ts";
export * from "./ports/rollout.ts";
export * from "./ports/search.ts";
export * from "./ports/secret.ts";
export * from "./ports/serving.ts";
export * from "./ports/similar.ts";
export * from "./ports/source.ts";
export * from "./ports/store.ts";
export * from "./ports/subscription.ts";
export * from "./ports/trouble.ts";
export * from "./ports/watch.ts";
