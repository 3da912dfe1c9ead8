import { expect, test } from "vitest";
import { wasNeverSent } from "../../../src/domain/chat/never-sent.ts";

test.each([
  ["ENOTFOUND", true],
  ["ECONNREFUSED", true],
  ["UND_ERR_CONNECT_TIMEOUT", true],
  ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", true],
  ["ECONNRESET", false],
  ["EPIPE", false],
  ["ETIMEDOUT", false],
  ["UND_ERR_SOCKET", false],
  ["UND_ERR_HEADERS_TIMEOUT", false],
  ["", false],
])("after %j it is certain that nothing was sent: %s", (code, expected) => {
  expect(wasNeverSent(code)).toBe(expected);
});
