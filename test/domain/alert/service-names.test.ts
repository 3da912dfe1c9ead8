import { describe, expect, test } from "vitest";
import { createServiceNames } from "../../../src/domain/alert/service-names.ts";

const names = createServiceNames(["checkout-service", "cart", "queue-cart", "ad", "mail", "mail-server"]);

describe("the first service that a text names", () => {
  test.each([
    ["services/checkout/order.go", "checkout-service"],
    ["Secret checkoutservice-token updated", "checkout-service"],
    ["bump the checkout-svc image", "checkout-service"],
    ["tune queue-cart, then cart", "queue-cart"],
    ["the mail server and the mail", "mail-server"],
    ["a new shopping-cartridge", null],
    ["", null],
  ])("%j: %s", (text, service) => {
    expect(names.firstIn(text)).toBe(service);
  });
});

test("compound words name services too, each once and in order", () => {
  expect(names.allIn("cartTimeout: 1 -> 2, adHighCpu: off -> on, cart again")).toEqual(["cart", "ad"]);
});

test("a part of another service's name is no mention", () => {
  expect(names.allIn("restart queue-cart")).toEqual(["queue-cart"]);
});

test("a whole name counts more than another's without its ending", () => {
  const both = createServiceNames(["search-api", "search"]);
  expect(both.firstIn("deploy search")).toBe("search");
  expect(both.firstIn("deploy search-api")).toBe("search-api");
});
