import { expect, test } from "vitest";
import { createLikeness } from "../../../src/domain/clustering/name-likeness.ts";

const likeness = createLikeness(
  new Map([
    ["shop-cart-service", "shop"],
    ["shopCheckoutService", "shop"],
    ["bank-ledger-service", "bank"],
    ["bank-audit-service", "bank"],
    ["router", "edge"],
  ]),
);

test("a service is like the part whose names share its rare words", () => {
  expect(likeness("shop-mail-service", "shop")).toBe(0);
  expect(likeness("shop-mail-service", "bank")).toBeLessThan(-0.2);
  expect(likeness("shop-mail-service", "edge")).toBeLessThan(likeness("shop-mail-service", "bank"));
});

test("words are found in camel case, numbers at their end do not matter", () => {
  expect(likeness("ShopMailer", "shop")).toBe(0);
  expect(likeness("shop2-mail", "bank")).toBeLessThan(-0.2);
});

test("a name that shares no word with any part says nothing", () => {
  expect(likeness("zebra-x7k2", "shop")).toBe(0);
  expect(likeness("", "bank")).toBe(0);
});

test("nothing is known without a topology", () => {
  expect(createLikeness(new Map())("shop", "bank")).toBe(0);
});
