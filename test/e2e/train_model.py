"""Trains a small classifier and registers it, as a training that knows of Tocsin would.

usage: train_model.py MODEL [--seed N] [--rows N] [--columns N]
With TOCSIN_MANIFEST in the environment, commit, data, seed and parameters come from there, and the first
argument after the model is the operation id, which becomes a tag of the run.
"""

import argparse
import json
import os

import mlflow
import mlflow.data
import numpy
from mlflow import MlflowClient
from sklearn.linear_model import LogisticRegression

TEST_ROWS = 800


def rows(count, seed, columns):
    """Five columns that matter, and more that do not."""
    random = numpy.random.default_rng(seed)
    given = random.normal(size=(count, max(5, columns)))
    score = given[:, 0] - 0.7 * given[:, 1] + 0.4 * given[:, 2] + random.normal(scale=0.8, size=count)
    return given[:, :columns], (score > 0).astype(int)


def hits(model, columns):
    given, labels = rows(TEST_ROWS, 99, max(columns, 5))
    return model.predict(given[:, :columns]) == labels


def log_interval(before, after):
    """The middle 95 % of the difference in accuracy, on the same rows, by bootstrap."""
    random = numpy.random.default_rng(1)
    picks = random.integers(0, TEST_ROWS, size=(2000, TEST_ROWS))
    differences = (after.astype(float) - before.astype(float))[picks].mean(axis=1)
    low, high = numpy.quantile(differences, [0.025, 0.975])
    mlflow.log_metric("tocsin.low.accuracy", float(low))
    mlflow.log_metric("tocsin.high.accuracy", float(high))


def champion(client, name):
    """The model that serves, or None."""
    try:
        version = client.get_model_version_by_alias(name, "champion")
    except mlflow.exceptions.MlflowException:
        return None
    return mlflow.sklearn.load_model(f"models:/{name}/{version.version}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("operation", nargs="?")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rows", type=int, default=400)
    parser.add_argument("--columns", type=int, default=5)
    given = parser.parse_args()
    manifest = json.loads(os.environ.get("TOCSIN_MANIFEST", "{}"))
    seed = manifest.get("seed", given.seed)
    count = int(manifest.get("parameters", {}).get("rows", given.rows))

    features, labels = rows(count, seed, given.columns)
    model = LogisticRegression().fit(features, labels)
    client = MlflowClient()
    with mlflow.start_run():
        if given.operation:
            mlflow.set_tag("tocsin.operation", given.operation)
        if "commit" in manifest:
            mlflow.set_tag("mlflow.source.git.commit", manifest["commit"])
        mlflow.log_param("rows", count)
        after = hits(model, given.columns)
        mlflow.log_metric("accuracy", float(after.mean()))
        mlflow.log_metric("tocsin.rows", TEST_ROWS)
        serving = champion(client, given.model)
        if serving is not None:
            log_interval(hits(serving, serving.n_features_in_), after)
        mlflow.sklearn.log_model(model, name="model", registered_model_name=given.model, pip_requirements=[])
    versions = client.search_model_versions(f"name='{given.model}'")
    print(json.dumps({"version": str(max(int(version.version) for version in versions))}))


main()
