"""Serves models:/MODEL@champion in miniature: each scrape of /metrics asks the model once and counts what fails."""

import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

import mlflow
import numpy
from mlflow import MlflowClient

name, port = sys.argv[1], int(sys.argv[2])
client = MlflowClient()
state = {"version": None, "model": None, "errors": 0, "requests": 0}


def refresh():
    """Loads what the alias points to, again when that changes."""
    try:
        version = client.get_model_version_by_alias(name, "champion").version
    except mlflow.exceptions.MlflowException:
        return
    if version != state["version"]:
        state["model"] = mlflow.sklearn.load_model(f"models:/{name}/{version}")
        state["version"] = version


class Metrics(BaseHTTPRequestHandler):
    def do_GET(self):
        refresh()
        state["requests"] += 1
        try:
            # What the callers send: five columns.
            state["model"].predict(numpy.zeros((1, 5)))
        except Exception:
            state["errors"] += 1
        body = (
            f'fraud_errors_total{{service="fraud-api"}} {state["errors"]}\n'
            f'fraud_requests_total{{service="fraud-api"}} {state["requests"]}\n'
        ).encode()
        self.send_response(200)
        self.send_header("content-type", "text/plain")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


refresh()
HTTPServer(("127.0.0.1", port), Metrics).serve_forever()
