import { expect, test } from "vitest";
import { incidentPages } from "../../src/main/replay-pages.ts";
import { type HttpClient, HttpMishapError } from "../../src/ports.ts";

const channels = { rules: [], prefix: "inc", consoleUrl: null };

/** A machine on which a console answers, or nobody does; and what it was asked. */
function machine(answers: "up" | "nobody") {
  const asked: string[] = [];
  const ask: HttpClient["ask"] = ({ url, schema }) => {
    asked.push(url.href);
    if (answers === "nobody") return Promise.reject(new HttpMishapError("refused", { mishap: "refused" }));
    return Promise.resolve({ status: 200, data: schema.parse({ status: "up" }) });
  };
  return { asked, http: { ask } };
}

test("an incident's page is in the console that tocsin.yaml names, whoever answers here (issue 3)", async () => {
  const { asked, http } = machine("up");
  const named = { ...channels, consoleUrl: "https://tocsin.example.com/" };
  const pageOf = await incidentPages({ incidentChannels: named, host: "127.0.0.1", port: 8080 }, http);
  expect(pageOf(12)).toBe("https://tocsin.example.com/incidents/12");
  expect(asked).toEqual([]);
});

test.each([
  ["127.0.0.1", "http://127.0.0.1:8080"],
  ["0.0.0.0", "http://127.0.0.1:8080"],
  ["::", "http://127.0.0.1:8080"],
  ["::1", "http://[::1]:8080"],
])("else it is where a bot answers that listens on %s", async (host, base) => {
  const { asked, http } = machine("up");
  const pageOf = await incidentPages({ incidentChannels: channels, host, port: 8080 }, http);
  expect(pageOf(12)).toBe(`${base}/incidents/12`);
  expect(asked).toEqual([`${base}/healthz`]);
});

test.each([
  ["nobody answers", 8080],
  ["the port is not known", 0],
])("and it is nowhere while %s", async (_why, port) => {
  const { http } = machine("nobody");
  const pageOf = await incidentPages({ incidentChannels: channels, host: "127.0.0.1", port }, http);
  expect(pageOf(12)).toBeNull();
});
