import { expect, test } from "vitest";
import { entityOf } from "../../../src/domain/alert/entity.ts";
import { serviceOf } from "../../../src/domain/alert/service-label.ts";
import type { Labels } from "../../../src/domain/alert.ts";

const stateMetrics = {
  job: "kube-state-metrics",
  service: "prom-kube-state-metrics",
  container: "kube-state-metrics",
  instance: "10.0.0.5:8080",
};

// Label sets of kube-prometheus-stack, OpenTelemetry, Nomad, CloudWatch exporters and plain Prometheus. Issue 3.
test.each<readonly [string | null, Labels]>([
  ["checkout", { service: "checkout", pod: "checkout-7d9f8b6c5d-x2x4z", container: "app" }],
  ["checkout", { ...stateMetrics, pod: "checkout-7d9f8b6c5d-x2x4z", container: "app" }],
  ["checkout", { ...stateMetrics, deployment: "checkout" }],
  ["payments", { ...stateMetrics, horizontalpodautoscaler: "payments" }],
  ["nightly-report", { ...stateMetrics, job_name: "nightly-report-28391820" }],
  ["nightly-report", { ...stateMetrics, cronjob: "nightly-report" }],
  ["worker-3", { ...stateMetrics, node: "worker-3" }],
  ["prom-kube-state-metrics", stateMetrics],
  ["prom-kube-state-metrics", { ...stateMetrics, pod: "prom-kube-state-metrics-5d9f8b6c5d-abc2d" }],
  [
    "checkout",
    {
      exported_pod: "checkout-7d9f8b6c5d-x2x4z",
      pod: "kube-state-metrics-5d9f8b6c5d-abc2d",
      job: "kube-state-metrics",
    },
  ],
  ["checkout", { exported_job: "checkout", job: "pushgateway", instance: "pushgw:9091" }],
  ["payments", { pod: "payments-7d9f8b6c5d-x2x4z", container: "istio-proxy", job: "envoy" }],
  ["web-77", { job: "node-exporter", instance: "web-77:9100" }],
  ["10.2.0.7", { job: "prometheus-node-exporter", service: "node-exporter", instance: "10.2.0.7:9100" }],
  ["web-77", { job: "node", instance: "web-77:9100" }],
  ["shop.example.com", { job: "blackbox-http", instance: "https://shop.example.com/health" }],
  ["db-1", { job: "postgres-exporter", instance: "db-1:5432" }],
  ["redis-exporter", { job: "redis-exporter", instance: "10.0.0.9:9121" }],
  ["orders", { job: "kafka-exporter", instance: "kafka-exporter:9308", consumergroup: "orders" }],
  ["checkout", { "service.name": "checkout", "k8s.pod.name": "checkout-7d9f8b6c5d-x2x4z" }],
  ["checkout", { "k8s.pod.name": "checkout-7d9f8b6c5d-x2x4z", "k8s.container.name": "app" }],
  ["checkout", { pod_name: "checkout-7d9f8b6c5d-x2x4z" }],
  ["checkout", { task: "checkout", nomad_job: "shop" }],
  ["checkout", { dimension_FunctionName: "checkout", job: "yace", instance: "yace:5000" }],
  ["orders", { DBInstanceIdentifier: "orders" }],
  ["checkout", { ServiceName: "checkout", ClusterName: "prod" }],
  ["checkout", { service: "checkout.shop.svc.cluster.local" }],
  [null, { alertname: "Watchdog", severity: "none" }],
])("an alert is about %s", (entity, labels) => {
  expect(entityOf({ service: serviceOf(labels), labels })).toBe(entity);
});
