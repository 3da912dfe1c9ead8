import type { AuditStore, CheckpointStore } from "./audit.ts";
import type { DeliveryStore } from "./delivery.ts";
import type { DigestStore } from "./digest.ts";
import type { EscalationStore } from "./escalation.ts";
import type { ExplanationStore } from "./explainer.ts";
import type { FeedbackStore } from "./feedback.ts";
import type { IncidentStore } from "./incident.ts";
import type { IncidentChannelStore } from "./incident-channel.ts";
import type { JobQueue } from "./job.ts";
import type { LearningStore } from "./learning.ts";
import type { LeaseStore } from "./lease.ts";
import type { LinkStore } from "./link.ts";
import type { MonitoringStore } from "./monitoring.ts";
import type { NoiseStore } from "./noise.ts";
import type { OperationRecordStore } from "./operation-record.ts";
import type { PostStore } from "./post.ts";
import type { RequestStore } from "./request.ts";
import type { RolloutStore } from "./rollout.ts";
import type { SearchStore } from "./search.ts";
import type { ServingStore } from "./serving.ts";
import type { SimilarStore } from "./similar.ts";
import type { SubscriptionStore } from "./subscription.ts";
import type { TroubleStore } from "./trouble.ts";
import type { WatchStore } from "./watch.ts";

/** Everything the bot remembers. One transaction may use every slice. */
export interface Store extends StoreSlices {
  /** Runs `work` in one transaction: all of it is kept, or none when it throws. */
  transaction<Result>(work: (tx: StoreSlices) => Promise<Result>): Promise<Result>;
}

export interface StoreSlices {
  readonly deliveries: DeliveryStore;
  readonly leases: LeaseStore;
  readonly incidents: IncidentStore;
  readonly posts: PostStore;
  readonly troubles: TroubleStore;
  readonly incidentChannels: IncidentChannelStore;
  readonly subscriptions: SubscriptionStore;
  readonly links: LinkStore;
  readonly requests: RequestStore;
  readonly audit: AuditStore;
  readonly checkpoints: CheckpointStore;
  readonly rollouts: RolloutStore;
  readonly operationRecords: OperationRecordStore;
  readonly explanations: ExplanationStore;
  readonly feedback: FeedbackStore;
  readonly similar: SimilarStore;
  readonly search: SearchStore;
  readonly noise: NoiseStore;
  readonly learning: LearningStore;
  readonly digests: DigestStore;
  readonly watch: WatchStore;
  readonly monitoring: MonitoringStore;
  readonly escalations: EscalationStore;
  readonly serving: ServingStore;
  readonly jobs: JobQueue;
}
