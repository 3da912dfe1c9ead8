import { describe, expect, test } from "vitest";
import {
  chiSquaredLimit,
  chiSquaredTail,
  kolmogorovTail,
  logGamma,
  normalTail,
  studentLimit,
  studentTails,
} from "../../../src/domain/monitoring/probability.ts";

// Printed by scipy 1.17.1: stats.chi2.sf and .isf, stats.norm.sf, 2 * stats.t.sf, special.kolmogorov, special.gammaln.
describe("tails agree with scipy to nine digits", () => {
  test.each([
    [3.84, 1, 0.05004352124870519],
    [30, 9, 0.00043872177097947936],
    [80, 9, 1.61613141565346e-13],
    [0.5, 4, 0.9735009788392561],
    [250, 200, 0.009379131668826098],
  ])("chi-squared beyond %d with %d degrees of freedom", (x, degrees, expected) => {
    expect(chiSquaredTail(x, degrees) / expected).toBeCloseTo(1, expected < 1e-9 ? 3 : 9);
  });

  test.each([
    [0.05, 1, 3.8414588206941285],
    [1e-5, 9, 39.340653733868486],
    [0.01, 30, 50.892181311517085],
  ])("the limit of chi-squared at %d with %d degrees of freedom", (tail, degrees, expected) => {
    expect(chiSquaredLimit(tail, degrees) / expected).toBeCloseTo(1, 8);
  });

  test.each([
    [0, 0.5],
    [1.96, 0.024997895148220435],
    [-1, 0.8413447460685429],
    [6, 9.865876450376946e-10],
  ])("normal beyond %d", (z, expected) => {
    expect(normalTail(z) / expected).toBeCloseTo(1, 6);
  });

  test.each([
    [2, 5, 0.10193947882985835],
    [4.5, 9, 0.0014889494154117324],
    [0.3, 3, 0.783763292039919],
  ])("Student's t beyond %d with %d degrees of freedom", (t, degrees, expected) => {
    expect(studentTails(t, degrees) / expected).toBeCloseTo(1, 9);
  });

  test.each([
    [0.5, 0.9639452436648751],
    [1, 0.26999967167735456],
    [1.6, 0.011952043239196616],
    [2.7, 9.311431431566156e-7],
  ])("Kolmogorov's statistic beyond %d", (x, expected) => {
    expect(kolmogorovTail(x) / expected).toBeCloseTo(1, 9);
  });

  test("the limit of Student's t, and the gamma function", () => {
    expect(studentLimit(0.01, 6)).toBeCloseTo(3.7074280213248065, 8);
    expect(logGamma(0.5)).toBeCloseTo(0.5723649429247, 10);
    expect(logGamma(3.7)).toBeCloseTo(1.428072326665388, 10);
    expect(logGamma(1000)).toBeCloseTo(5905.220423209181, 8);
  });
});
