import { expect, test } from "vitest";
import { createKindOf, kindOf, magnitudeOf, wordsOf } from "../../../src/domain/alert/evidence-kind.ts";

test.each([
  ["KubePodCrashLooping", "crash"],
  ["ContainerOOMKilled", "crash"],
  ["HighMemoryUsage", "resource"],
  ["NodeDiskFull", "resource"],
  ["PacketLoss", "net"],
  ["ErrorBudgetBurn", "slo"],
  ["RequestRateDrop", "traffic"],
  ["LogErrorsSpike", "log"],
  ["High5xxRate", "error"],
  ["ApiLatencyP99", "latency"],
  ["DeploymentFinished", "change"],
  ["ConfigReloaded", "change"],
  ["KubeDeploymentReplicasMismatch", "crash"],
  ["SomethingElse", "other"],
])("%s is evidence of kind %s", (name, kind) => {
  expect(kindOf({ name, labels: {}, summary: "" })).toBe(kind);
});

test("a metric label says more than the alert's name, and the summary helps when neither does", () => {
  expect(kindOf({ name: "Deviation", labels: { metric: "cpu_utilization" }, summary: "" })).toBe("resource");
  expect(kindOf({ name: "Deviation", labels: {}, summary: "response time is up" })).toBe("latency");
});

test("words come out of camel case and snake case", () => {
  expect(wordsOf("HighHTTPLatencyP99 http_server_ms")).toBe("high http latency p99 http server ms");
});

test("the distance from the usual value counts falls as much as rises, and is bounded", () => {
  const of = (value: string, baseline: string) =>
    magnitudeOf({ annotations: { value, baseline }, summary: "" });
  expect(of("20", "10")).toBeCloseTo(Math.log(2));
  expect(of("10", "20")).toBeCloseTo(Math.log(2));
  expect(of("5", "0")).toBeLessThanOrEqual(7);
  expect(magnitudeOf({ annotations: {}, summary: "rate is 4.5 (usually 1.5)" })).toBeCloseTo(Math.log(3));
  expect(magnitudeOf({ annotations: {}, summary: "it broke" })).toBeNull();
});

test("the operator's rules are asked first, in their order, for whole words and phrases", () => {
  const own = createKindOf([
    { kind: "resource", words: ["ReplicationLag*", "wal"] },
    { kind: "crash", words: ["latency"] },
    { kind: "net", words: ["latency"] },
  ]);
  const kind = (name: string, summary = "") => own({ name, labels: {}, summary });
  expect(kind("PostgresReplicationLagging")).toBe("resource");
  expect(kind("HighLatency")).toBe("crash");
  expect(kind("WallClockSkew")).toBe("other");
  expect(kind("Strange", "the WAL is large")).toBe("resource");
  expect(kind("PodOOMKilled")).toBe("crash");
  expect(kindOf({ name: "HighLatency", labels: {}, summary: "" })).toBe("latency");
});

test.each([
  ["Überlast", "resource"],
  ["Zahlungen überlastet", "other"],
  ["主机磁盘空间不足告警", "crash"],
  ["Отказ узла", "error"],
  ["HighLatency", "latency"],
])("the operator's words may be of any script: %s is %s", (name, kind) => {
  const own = createKindOf([
    { kind: "resource", words: ["überlast"] },
    { kind: "crash", words: ["磁盘空间不足"] },
    { kind: "error", words: ["отказ*"] },
  ]);
  expect(own({ name, labels: {}, summary: "" })).toBe(kind);
});

test.each([
  ["DbConnectionsExhausted", "resource"],
  ["MySQLTooManyConnections", "resource"],
  ["KubeHpaMaxedOut", "resource"],
  ["MySQLReplicationStopped", "error"],
  ["etcdNoLeader", "error"],
  ["ErrorBudgetExhausted", "slo"],
])("general words of databases and clusters: %s is %s", (name, kind) => {
  expect(kindOf({ name, labels: {}, summary: "" })).toBe(kind);
});
