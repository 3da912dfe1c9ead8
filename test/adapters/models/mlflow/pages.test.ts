import { expect, test } from "vitest";
import { versionPage } from "../../../../src/adapters/models/mlflow/pages.ts";
import { parseMlflowSettings } from "../../../../src/adapters/models/mlflow/settings.ts";

test.each([
  ["https://mlflow.example.com", "scorer", "4", "https://mlflow.example.com/#/models/scorer/versions/4"],
  ["http://127.0.0.1:5000/", "scorer", "12", "http://127.0.0.1:5000/#/models/scorer/versions/12"],
  // Behind a proxy its pages are below a path, whether or not the address ends in a slash.
  [
    "https://ml.example.com/mlflow",
    "fraud_scorer-v2",
    "4",
    "https://ml.example.com/mlflow/#/models/fraud_scorer-v2/versions/4",
  ],
  [
    "https://ml.example.com/mlflow/?tenant=a#/experiments/1",
    "scorer",
    "4",
    "https://ml.example.com/mlflow/#/models/scorer/versions/4",
  ],
  // Unity Catalog's names have dots; others what MLflow takes: blanks, a hash, a percent sign.
  [
    "https://mlflow.example.com",
    "main.risk.scorer",
    "4",
    "https://mlflow.example.com/#/models/main.risk.scorer/versions/4",
  ],
  [
    "https://mlflow.example.com",
    "Risk score #1 50% ü?",
    "4",
    "https://mlflow.example.com/#/models/Risk%20score%20%231%2050%25%20%C3%BC%3F/versions/4",
  ],
])("at %s the page of %s %s is %s", (url, model, version, page) => {
  expect(versionPage(parseMlflowSettings("scorer", { url }, {}), model, version)).toBe(page);
});
