import { expect, test } from "vitest";
import { entityOf, peerOf, serviceNameOf, workloadOf } from "../../../src/domain/alert/entity.ts";

test.each([
  ["cart-7d4b9c6f5d-x2x9k", "cart"],
  ["cart-x2x9k", "cart"],
  ["queue-0", "queue"],
  ["cart-frontend", "cart-frontend"],
  ["cart", "cart"],
  ["cart-5d8f6bd87c-zvhtq", "cart"],
  ["cart-7f8c9d6b5-abc12", "cart"],
  ["log-shipper-rqzkv", "log-shipper"],
  ["nightly-backup-28475930-v7k2p", "nightly-backup"],
  ["nightly-backup-28475930", "nightly-backup"],
  ["cart-5d8f6bd87c", "cart"],
  ["queue-11", "queue"],
  ["gateway-https", "gateway-https"],
  ["orders-mssql", "orders-mssql"],
  ["orders-proxy", "orders-proxy"],
  ["eu-west", "eu-west"],
  ["payments-redis", "payments-redis"],
  ["api-2024", "api"],
])("the workload of pod %s is %s", (pod, workload) => {
  expect(workloadOf(pod)).toBe(workload);
});

test("an alert that names only a pod is about its workload", () => {
  expect(entityOf({ service: "cart-7d4b9c6f5d-x2x9k", labels: { pod: "cart-7d4b9c6f5d-x2x9k" } })).toBe(
    "cart",
  );
  expect(entityOf({ service: null, labels: {} })).toBeNull();
});

test("the far end of a call is read from its labels, never the alert's own service", () => {
  expect(peerOf({ service: "web", labels: { destination_service: "cart" } })).toEqual({
    peer: "cart",
    isCallee: true,
  });
  expect(peerOf({ service: "cart", labels: { source_workload: "web" } })).toEqual({
    peer: "web",
    isCallee: false,
  });
  expect(peerOf({ service: "cart", labels: { destination: "cart" } })).toBeNull();
});

test.each([
  ["10.1.2.3:9100", "10.1.2.3"],
  ["db-1.internal:5432", "db-1.internal"],
  ["[2001:db8::1]:9100", "2001:db8::1"],
  ["https://user@shop.example.com:8443/health?x=1", "shop.example.com"],
  ["cart.shop.svc.cluster.local:8080", "cart"],
  ["cart.shop.svc", "cart"],
  ["outbound|8080|v2|cart.shop.svc.cluster.local", "cart"],
  ["arn:aws:lambda:eu-west-1:123456789012:function:checkout:live", "checkout"],
  ["arn:aws:rds:eu-west-1:123456789012:db:orders", "orders"],
  ["arn:aws:ecs:eu-west-1:123456789012:service/prod/web", "web"],
  ["arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/shop/50dc6c495c0c9188", "shop"],
  ["arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/shop", "shop"],
  ["arn:aws:sqs:eu-west-1:123456789012:mails", "mails"],
  ["arn:aws:s3:::shop-images", "shop-images"],
  ["arn:aws:s3:::shop-images/2026/logo.png", "shop-images"],
  ["arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/checkout:*", "checkout"],
  ["arn:aws:dynamodb:eu-west-1:123456789012:table/orders/index/by-day", "orders"],
  ["arn:aws:dynamodb:eu-west-1:123456789012:table/orders/stream/2026-03-01T21:21:33.291", "orders"],
  ["arn:aws:ecs:eu-west-1:123456789012:task/prod/9781c248-0edd-4cdb-9a93-f63cb662a5d3", "prod"],
  ["projects/shop/locations/eu/services/checkout", "checkout"],
  ["cart", "cart"],
  ["a:b", "a:b"],
])("%s names %s", (text, name) => {
  expect(serviceNameOf(text)).toBe(name);
});

test.each([
  [{ service: "10.1.2.3:9100", labels: { instance: "10.1.2.3:9100" } }, "10.1.2.3"],
  [
    { service: "kube-proxy-worker-3", labels: { pod: "kube-proxy-worker-3", node: "worker-3" } },
    "kube-proxy",
  ],
  [{ service: "arn:aws:rds:eu-west-1:1:db:orders", labels: {} }, "orders"],
  [{ service: "redis:6379", labels: { service: "redis:6379" } }, "redis:6379"],
])("%j is about %s", (alert, service) => {
  expect(entityOf(alert)).toBe(service);
});

test("the far end of a call is found behind a port, a cluster address or an Envoy cluster", () => {
  const peer = (labels: Record<string, string>) => peerOf({ service: "web", labels })?.peer;
  expect(peer({ upstream_cluster: "outbound|80||cart.shop.svc.cluster.local" })).toBe("cart");
  expect(peer({ server_address: "cart:8080" })).toBe("cart");
  expect(peer({ destination: "web.shop.svc:80", dependency: "cart" })).toBe("cart");
});

test.each([
  "unknown",
  "-",
  "None",
  "n/a",
  "NULL",
  "default",
  "<none>",
  "PassthroughCluster",
  "localhost:5432",
])("%s is no far end of a call", (value) => {
  expect(peerOf({ service: "web", labels: { destination_service: value } })).toBeNull();
  expect(peerOf({ service: "web", labels: { destination_service: value, upstream: "cart" } })?.peer).toBe(
    "cart",
  );
});

test("source and client name a caller only beside the far end: alone they are the monitoring, or a customer", () => {
  const peer = (labels: Record<string, string>) => peerOf({ service: "cart", labels });
  expect(peer({ source: "prometheus" })).toBeNull();
  expect(peer({ client: "acme" })).toBeNull();
  expect(peer({ source: "web", destination: "cart" })).toEqual({ peer: "web", isCallee: false });
  expect(peer({ client: "web", server: "cart" })).toEqual({ peer: "web", isCallee: false });
});
