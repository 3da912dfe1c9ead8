import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { redact } from "../../../src/domain/text/redaction.ts";
import { secretSamples } from "../../fixtures/secrets.ts";

describe("secrets", () => {
  test("the table holds at least forty kinds, each of its own", () => {
    const samples = secretSamples();
    expect(new Set(samples.map((sample) => sample.text)).size).toBe(samples.length);
    expect(new Set(secretSamples().map((sample) => sample.name)).size).toBeGreaterThanOrEqual(40);
  });

  test.each(secretSamples())("$name is removed", ({ text, secret }) => {
    expect(text).toContain(secret);
    const { text: clean, kinds } = redact(text);
    expect(clean).not.toContain(secret);
    expect(clean).toContain("[redacted ");
    expect(kinds.length).toBeGreaterThan(0);
  });

  test.each(secretSamples())("$name is removed in the middle of JSON", ({ text, secret }) => {
    const { text: clean } = redact(JSON.stringify({ summary: text, next: "stays" }));
    expect(clean).not.toContain(JSON.stringify(secret).slice(1, -1));
  });

  test("what surrounds a secret stays", () => {
    const { text } = redact(
      "checkout cannot reach postgres://app:hunter2@db.internal:5432/orders since 10:02",
    );
    expect(text).toBe(
      "checkout cannot reach postgres://app:[redacted connection password]@db.internal:5432/orders since 10:02",
    );
  });

  test("a value equal to its name is removed, and the name stays", () => {
    expect(redact("db_pass=pass").text).toBe("db_pass=[redacted secret]");
  });

  test.each([
    ["GET /x?password=hunter22&next=y", "GET /x?password=[redacted secret]&next=y"],
    ["user=app,password=hunter22,db.host=db", "user=app,password=[redacted secret],db.host=db"],
    ["Pwd=hunter22;Integrated Security=no;x", "Pwd=[redacted secret];Integrated Security=no;x"],
    ['{"token":12345,"next":"stays"}', '{"token":[redacted secret],"next":"stays"}'],
    ['sent "password=hunter22", then', 'sent "password=[redacted secret]", then'],
    ['{"a":"password=hunter22\\nhost=db"}', '{"a":"password=[redacted secret]\\nhost=db"}'],
    ['{"password":"ab\\"cdef99","next":1}', '{"password":"[redacted secret]","next":1}'],
    ['{"password":"ab\\\\","next":1}', '{"password":"[redacted secret]","next":1}'],
    [
      '{\\"password\\":\\"ab\\\\\\"cdef99\\",\\"next\\":1}',
      '{\\"password\\":\\"[redacted secret]\\",\\"next\\":1}',
    ],
    ["PASS=hunter22 && ./run", "PASS=[redacted secret] && ./run"],
    ["PASS=hunter22&&./run", "PASS=[redacted secret]&&./run"],
    ["mysql -phunter22 -h db; mkdir -p /x", "mysql -p[redacted password option] -h db; mkdir -p /x"],
  ])("of %s only the secret goes", (text, clean) => {
    expect(redact(text).text).toBe(clean);
  });

  test("removing twice changes nothing more", () => {
    for (const { text } of secretSamples()) {
      const once = redact(text).text;
      expect(redact(once).text).toBe(once);
    }
  });
});

describe("ordinary text", () => {
  test.each([
    "HighErrorRate on checkout: 5xx ratio 12.5 % for 5m (threshold 1 %)",
    "pod checkout-7d9f8b6c5d-x2k4q restarted 4 times in 10 minutes",
    "pod cassandra-0 in rack eu-west-1b, statefulset revision cassandra-6f8d5c7b9",
    "commit 3f2a9c1b7d8e4f60a1b2c3d4e5f60718293a4b5c deployed to production",
    "Merge 9fceb02 into main (#4711)",
    "image registry.example.org/shop/checkout@sha256:9b2a0c5e1d7f4a6b8c3e5d7f9a1b2c4d6e8f0a1b3c5d7e9f1a2b4c6d8e0f1a2b pulled",
    "image registry.example.org/shop/checkout:v2.3.1-rc.4+build.77 is missing",
    "md5 d41d8cd98f00b204e9800998ecf8427e of the artefact differs",
    "trace 4bf92f3577b34da6a3ce929d0e0e4736 took 1203 ms",
    "traceparent 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "request 123e4567-e89b-12d3-a456-426614174000 failed at 2026-01-05T08:05:51.020Z",
    "node ip-10-0-12-7.eu-west-1.compute.internal is NotReady",
    "instance i-0a1b2c3d4e5f67890 in subnet subnet-0bb1c79de3EXAMPLE",
    "arn:aws:lambda:eu-west-1:123456789012:function:thumbnailer timed out",
    "max_tokens=4096, 1200 tokens used, tokenizer: bpe",
    "by design: queue depth 12000000 over 5 minutes",
    "token is expired, password: required, secret=none",
    "TokenBucket of ingress is empty: 1203 requests were limited",
    "SecretNotFound: secret shop/db-credentials does not exist",
    "KeyError: 'session' in handlers.py line 212",
    "partition key user_id is hot: 93 % of reads",
    "https://grafana.example.org/d/abc/def?orgId=1&from=1700000000000&to=1700000360000",
    "https://ci.example.org/job/checkout/1234/console#step-7:line-88",
    "s3://backups-eu/2026/01/05/orders-0001.parquet is 3.4 GiB",
    "disk /var/lib/postgresql is 93% full; 1234567890123 bytes free of 98765432109876",
    "basic authentication and bearer authentication are both refused",
    "Kafka lag 1842113 on orders.v3 partition 11, group billing-writer-blue",
    'fingerprint 5f1d7a84db4c3a01, groupKey {}:{alertname="HighLatency"}',
    "model fraud-scorer:42 (run 0f9e8d7c6b5a49382716) serves canary 10 %",
    "helm release shop-1.14.2 revision 87 superseded",
    "certificate CN=*.example.org serial 03:AC:5C:26:6A:0B:40:9B expires in 3 days",
    "order 4929381 of 2026-01-05 10:02:11.123456 +0000 UTC m=+1203.5",
    "IPv6 2001:db8:85a3::8a2e:370:7334 port 8443 refused",
    "routing_key=orders.created.v2 is bound to queue billing, service_key: checkout",
    "actions/checkout@v4, library/postgres@16 and user/repo@v1 are pinned",
    "registry http://registry:5000/shop/checkout@sha256 gave 404; see https://a.example:8443/u/x@y",
    "mongodb://h1:27017,h2:27017/orders?from=a@b timed out",
    "docker run -u 1000:1000 --user 1000:1000 shop/checkout:42",
    "mysql -P 3306 -h db -p orders timed out, redis-cli -h cache -n 2 too",
    "mysql pod cannot create its folder; mkdir -p /var/lib/mysql fails",
    "second pass: merging segments; 12 pass: 3 fail: 1; pass=12/15",
    "bypass: v2, compass=north, by-passes: 4",
    "cache_key=user-42 and partition_key=orders7 are hot",
    "the token is 5 days old",
    "version GB18030 and DE12 are no bank accounts; NO93 neither",
  ])("%s", (text) => {
    expect(redact(text)).toEqual({ text, kinds: [] });
  });
});

test("contacts are kept", () => {
  const text = "call +49 30 1234567 or write to oncall@example.org about 10.0.0.1:8080 at 10:02";
  expect(redact(text)).toEqual({ text, kinds: [] });
});

test("hostile text of a hundred thousand characters takes well under a second", () => {
  const hostile = [
    "a".repeat(100_000),
    "password".repeat(12_500),
    "key-".repeat(25_000),
    "-----BEGIN PRIVATE KEY-----".repeat(3_700),
    "a://b:".repeat(16_000),
    "1 ".repeat(50_000),
    "secret ".repeat(14_000),
    "eyJaaaaaa.".repeat(10_000),
    "a://b:/".repeat(14_000),
    "a:".repeat(50_000),
    "a.".repeat(50_000),
    "curl ".repeat(20_000),
    "mysql ".repeat(16_000),
    "sqlplus a/".repeat(10_000),
    "_pass".repeat(20_000),
    `password=${"a,".repeat(50_000)}`,
    "password=a;".repeat(9_000),
    `password=${";a b ".repeat(20_000)}`,
    `password="${"\\".repeat(100_000)}`,
    `password=${"\\".repeat(16)}"${"\\".repeat(100_000)}`,
    'password="'.repeat(10_000),
    '"password" {'.repeat(9_000),
    "pass: ".repeat(16_000),
    "-".repeat(100_000),
    randomBytes(75_000).toString("base64"),
  ];
  for (const text of hostile) {
    const started = performance.now();
    redact(text);
    expect(performance.now() - started).toBeLessThan(1_500);
  }
});
