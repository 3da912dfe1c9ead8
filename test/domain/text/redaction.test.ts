import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { redact, withoutSecrets } from "../../../src/domain/text/redaction.ts";
import { oneLine } from "../../../src/domain/view.ts";
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

  test.each(secretSamples())("$name is removed on one line", ({ text, secret }) => {
    expect(redact(oneLine(text, 100_000)).text).not.toContain(oneLine(secret, 100_000));
  });

  test.each([
    [
      "env: [a] password: |\n  first\n  second\nhost: db",
      "env: [a] password: |\n  [redacted secret]\nhost: db",
    ],
    [
      "Authorization: GenieKey 9b1deb4d-3b7d rejected",
      "Authorization: GenieKey [redacted authorization] rejected",
    ],
    [
      "- name: DB_PASSWORD\n  value: hunter22\n- name: A",
      "- name: DB_PASSWORD\n  value: [redacted secret]\n- name: A",
    ],
    ["load is 2 µs, password=hunter22", "load is 2 µs, password=[redacted secret]"],
    ["dsn=redis%3A%2F%2F%3Ahunter22%40c load 50%", "dsn=redis://:[redacted connection password]@c load 50%"],
    ['{"passwords":["hunter22","b"],"n":1}', '{"passwords":[[redacted secret]],"n":1}'],
    ["requirepass hunter22 # cache", "requirepass [redacted password] # cache"],
    ["dial postgres://app:hun…", "dial postgres://app:[redacted connection password]…"],
    ["dial postgres://db.example.org:54…", "dial postgres://db.example.org:54…"],
  ])("of %s no more than the secret goes", (text, clean) => {
    expect(redact(text).text).toBe(clean);
  });

  test("the rest of a key whose start was cut off is removed", () => {
    const rest = `${"QUJD".repeat(16)}\n${"REVG".repeat(9)}=`;
    const { text } = redact(`…WVla\n${rest}\n-----END PRIVATE KEY-----\nretry`);
    expect(text).toBe("[redacted private key]\nretry");
  });

  test("nothing stands in place of secrets where words are compared", () => {
    expect(withoutSecrets("dial password=hunter22 refused")).toBe("dial password=  refused");
    expect(withoutSecrets("dial refused")).toBe("dial refused");
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
    "session=42 users",
    "token bucket is full",
    "token bucket of ingress: 1203 requests limited, trace 4bf92f3577b34da6a3ce929d0e0e4736",
    "password reset mails are late",
    "bot 123 failed",
    "bot123 restarted 4 times",
    "bot 1234567890:retry failed",
    "passwords: 12 expired this week",
    "session store holds 128931 sessions in redis-sessions-0",
    "sessions=128931, session timeout=1800s",
    "sess=12 sid=7",
    "session=checkout-canary-2026-01 is stuck",
    "trace_id=9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d span_id=00f067aa0ba902b7",
    "request id: 9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d, session lost",
    "secret sync failed in pod checkout-7d9f8b6c5d-x2k4q",
    "token refresh fails in pod identity-provider-6b7c9d8f5-abcde",
    "secret not mounted on payments-worker-7f6d5c4b3a-9z8y7",
    "key rotation job key-rotation-28401234-abcde failed",
    "auth service image auth@sha256:9b2a0c5e1d7f4a6b8c3e5d7f9a1b2c4d6e8f0a1b3c5d7e9f1a2b4c6d8e0f1a2b",
    "signing key rotated in commit 3f2a9c1b7d8e4f60a1b2c3d4e5f60718293a4b5c",
    "token service deployed at revision 3f2a9c1b7d8e4f60a1b2c3d4e5f60718293a4b5c",
    "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/db-AbCdEf cannot be read",
    "arn:aws:iam::123456789012:role/token-exchange-2026 is denied",
    'sum(rate(token_refresh_errors_total{job="identity"}[5m])) > 0.1',
    'rate(http_requests_total{path="/password/reset",code=~"5.."}[5m]) / rate(http_requests_total[5m]) = 0.031',
    "histogram_quantile(0.99, sum by (le) (rate(auth_token_latency_seconds_bucket[5m]))) > 2",
    "token_refresh_errors_total=12",
    "token_bucket_size=4096 is used up",
    "secret_rotation_lag_seconds: 86400",
    "password_reset_queue_depth=1203",
    "access_key_age_days=91 exceeds 90",
    "token_type=bearer expires_in=3599",
    "secret_name=db-credentials namespace=shop",
    "secretName: shop-tls",
    "secretKeyRef: {name: db, key: password}",
    "env:\n- name: DB_PASSWORD\n  valueFrom:\n    secretKeyRef:\n      name: db\n      key: password\n- name: LOG_LEVEL\n  value: debug",
    "DB_PASSWORD_FILE=/run/secrets/db",
    "token_url=https://id.example.org/oauth/token",
    'MountVolume.SetUp failed for volume "tls" : secret "tls-cert-2024" not found',
    'configmap "checkout-config-7" or secret "db-credentials-v2" not found',
    "invalid token: signature mismatch",
    "SyntaxError: Unexpected token: punc (})",
    "unexpected token < in JSON at position 0",
    "error parsing token: unexpected end of input",
    "Authorization failed for user billing after 3 attempts",
    "authorization: denied by policy on checkout",
    "authorization service latency p99 1203 ms",
    "Authentication: LDAP bind took 4 s",
    "AUTH failed for 12 clients",
    "SMTP AUTH LOGIN is refused: 535 5.7.8",
    "AUTH PLAIN is disabled",
    "the user was identified by monitoring 7 minutes ago",
    "identified by pod-7 and pod-9 as the cause",
    "requirepass is not set on cache-0",
    "masterauth differs on cache-1",
    "vault unseal needed: 3 of 5 keys",
    "vault login fails for approle",
    "mysql replication lag -p99 is 12 s",
    "ldapsearch timed out after 30 s -w is missing",
    "basic auth failure rate 12%, bearer tokens refused",
    "Basic authentication 2024 failed",
    "/integration/tests failed 12 times",
    "GET /integration/checkout-contract-tests gave 500",
    "git hooks: /hooks/pre-receive declined",
    "POST /hooks/catch-all gave 404",
    "https://registry.example.org/v2/shop/checkout/manifests/sha256:9b2a0c5e1d7f4a6b8c3e5d7f9a1b2c4d6e8f0a1b3c5d7e9f1a2b4c6d8e0f1a2b",
    "https://loki.example.org/explore?left=%7B%22datasource%22%3A%22loki%22%2C%22queries%22%3A%5B%7B%22expr%22%3A%22rate%28http_requests_total%5B5m%5D%29%22%7D%5D%7D",
    "{&quot;service&quot;:&quot;checkout&quot;,&quot;code&quot;:503}",
    "GET /search?q=%C3%BCber%20checkout&amp;page=2 gave 503",
    "C:\\new\\table\\report.txt cannot be read",
    "latency 12 µs, ratio ½, load ①, temperature 40 ℃ … “quoted” – ﬁne",
    "naïve café 用户 登录 失败 次数 42",
    "Ошибка входа: 42 раза за 5 минут",
    "パスワード 再設定 メール が 遅延",
    "Passwort: abgelaufen",
    "Passwort-Reset-Mails kommen verspätet",
    "contraseña: incorrecta para 12 usuarios",
    "mot de passe: oublié par 12 clients",
    "parola: scaduta",
    "senha: expirada",
    "user and password are required; password policy: 12 characters",
    "password: required, token: missing",
    "the token is 5 days old; the secret was 91 days old",
    "key=value store etcd-0 lost quorum",
    "primary key orders_pkey violated (order_id)=(4929381)",
    "monkey=12 turkey=7 keyspace=orders",
    "cache key user:42:profile is hot",
    "pubkey fingerprint SHA256:nThbg6kXUpJWGl7E1IGOCspRomTxdCARLviKw6E5SY8 changed",
    "certificate serial 03:AC:5C:26:6A:0B:40:9B for sha256 9b2a0c5e1d7f4a6b8c3e5d7f9a1b2c4d",
    "node ip-10-0-12-7 has taint key=dedicated value=gpu",
    "[ var='A' labels={instance=api-1} value=42 ], [ var='B' labels={} value=1 ]",
    "name: token-service value: 12",
    "metric name=secret_rotation_age value=91",
    '{"name":"auth_token_errors","value":"42"}',
    '{"key":"passwordResetMails","value":"late"}',
    "| token | 12 | ok |",
    "| service | password resets | 40 |",
    "password -> bcrypt migration is at 40 %",
    "secrets: 12 of 14 synced",
    "secrets:\n- db-credentials\n- tls\nnamespaces:\n- shop",
    "imagePullSecrets:\n- name: registry",
    "tokens: [101, 2023, 102]",
    "max_tokens=4096 prompt_tokens=812 completion_tokens=99",
    "task-runner-abcdefghijklmnopqrstuv restarted; disk-usage-of-database-server-in-eu-west high",
    "sk-learn-pipeline-training-job-2026 failed",
    "re_index_job took 4 h; key-value-store-0 lost",
    "ASIA-EAST1 zone is down; ASIAPACIFIC latency high",
    "hf_transfer is missing; npm_config_registry is unset; ghs_enabled flag",
    "sdk-7d9f8b6c5d-x2k4q is in CrashLoopBackOff",
    "dp.pt is not a file; s.example.org timed out",
    "eyJ is how tokens begin",
    "curl https://api.example.org/v1/orders -u gave 401",
    "oauth2-proxy-6d8f7c9b5-kx9w2 cannot reach identity provider",
    "helm upgrade checkout ./chart --set image.tag=v2.3.1-rc.4 failed",
    "kubectl -n shop rollout status deploy/checkout --timeout=5m timed out",
    "kafka consumer group session.timeout.ms=45000, heartbeat 3000",
    "jdbc:postgresql://db.example.org:5432/orders refused",
    "postgres://app@db.example.org:5432/orders?sslmode=require refused",
    "redis://cache.example.org:6379/0 timed out",
    "amqp://mq.example.org:5672/%2Fshop refused",
    "http://user-service:8080/login?next=/home gave 302",
    "model registry models:/fraud-scorer/42 run 0f9e8d7c6b5a49382716aabbccddeeff",
    "W3C baggage userId=alice,serverNode=DF28,isProduction=false",
    "2026-01-05T08:05:51.020Z INFO [checkout,4bf92f3577b34da6a3ce929d0e0e4736,00f067aa0ba902b7] token cache warmed",
    "E0105 08:05:51.020123 1 reflector.go:138] failed to list *v1.Secret: secrets is forbidden",
    'x509: certificate signed by unknown authority (possibly because of "crypto/rsa: verification error")',
    "AADSTS7000222: The provided client secret keys for app '9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d' are expired. Trace ID: 1f3a5c7e-3b7d-4bad-9bdd-2b0d7b3dcb6d",
    "KMS key arn:aws:kms:eu-west-1:123456789012:key/9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d is pending deletion",
    "s3 key logs/2026/01/05/checkout-0001.json.gz is missing",
    "S3 object key eu-west-1/prod/orders/2026/01/05/part-00012 not found",
    "partition key tenant-7f6d5c4b3a-orders-2026-01 is throttled",
    "token for KubernetesPodCrashLooping2Alerts is unknown",
    "build 4f60a1b2c3d4e5f60718293a4b5c6d7e of token-service failed",
    "auth: container id 4f60a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e exited 137",
    "password 7 characters long is too short",
    "secret 5 of 12 failed",
    "password PasswordReset is late",
    "echo done | sudo tee /var/log/x",
    "snmp-server is down",
    "private key: not found",
    "access key: expired 12 days ago",
    "api key: missing",
    "creds: expired",
    "credentials: not found in environment",
    "az login failed for 3 pipelines",
    "passphrase is required; pass phrase prompt timed out",
    "$1 is unset; price is $5 and $60",
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
    ...[
      "%253D",
      "&quot;",
      "\\n",
      "\u200b",
      "password: |\n  ",
      "name=password value=",
      '<a name="password" ',
      "authorization: a ",
      "_sid",
      "ghp_abcd ",
      "--a-a-a-",
      "LS0tLS1CRUdJTi",
      "Passwort ",
    ].map((unit) => unit.repeat(64_000 / unit.length)),
    randomBytes(75_000).toString("base64"),
  ];
  for (const text of hostile) {
    // Of the processor, since others may be busy beside it.
    const before = process.cpuUsage();
    redact(text);
    expect(process.cpuUsage(before).user).toBeLessThan(1_500_000);
  }
});
