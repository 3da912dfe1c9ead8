/** What an empty channel teaches: how to send a first alert, and how to point Alertmanager here. */
import { h } from "./dom.js";

/** @param {string} channel */
export function renderTeaching(channel) {
  if (channel === "rollouts") return teachRollouts();
  const base = location.origin;
  return [
    h("h2", {}, `Nothing in #${channel} yet`),
    h(
      "p",
      {},
      "Quiet is good. Incidents appear here by themselves as soon as alerts come in. To see one now:",
    ),
    h("h3", {}, "Send a test alert"),
    snippet(testAlert(base)),
    h(
      "p",
      { class: "fine" },
      "Send it again with ",
      h("code", {}, '"status": "resolved"'),
      " in the alert to see the card resolve.",
    ),
    h("h3", {}, "Point Alertmanager here"),
    snippet(alertmanager(base)),
    h(
      "p",
      { class: "fine" },
      "A token for the sender goes under ",
      h("code", {}, "sources.alertmanager"),
      " in ",
      h("code", {}, "tocsin.yaml"),
      "; it is required when the bot listens on more than this machine. Grafana sends to ",
      h("code", {}, `${base}/webhooks/grafana`),
      ".",
    ),
    h("p", {}, "Commands work at once: try ", h("code", {}, "/help"), " below."),
  ];
}

function teachRollouts() {
  return [
    h("h2", {}, "No rollout yet"),
    h("p", {}, "Deploys, rollbacks and retrainings of models appear here, from the request to the result."),
    h(
      "ul",
      { class: "list" },
      h("li", {}, h("code", {}, "/models"), " shows which version of each model serves where."),
      h("li", {}, h("code", {}, "/retrain correlator"), " trains the bot's own model on your feedback."),
      h(
        "li",
        {},
        h("code", {}, "/deploy"),
        " plans a rollout; where the policy asks, a second person approves it.",
      ),
    ),
  ];
}

/** @param {string} base */
function testAlert(base) {
  return `curl -sS ${base}/webhooks/alertmanager -H 'content-type: application/json' -d '
  {"version": "4", "status": "firing", "alerts": [{
    "status": "firing",
    "startsAt": "${new Date().toISOString()}",
    "labels": {"alertname": "HighErrorRate", "service": "checkout", "severity": "critical"},
    "annotations": {"summary": "5xx answers of checkout are above 5 %"}}]}'`;
}

/** @param {string} base */
function alertmanager(base) {
  return `route:
  receiver: tocsin
receivers:
  - name: tocsin
    webhook_configs:
      - url: ${base}/webhooks/alertmanager
        send_resolved: true`;
}

/** @param {string} text */
function snippet(text) {
  const pre = h("pre", { tabindex: 0, role: "region", "aria-label": "Example" }, text);
  const copy = h("button", { type: "button", class: "button plain copy" }, "Copy");
  copy.addEventListener("click", () => void copyText(text, pre, copy));
  return h("div", { class: "snippet" }, pre, copy);
}

/**
 * Where the clipboard is not to be had (a plain http address), the text is selected instead.
 * @param {string} text
 * @param {HTMLElement} pre
 * @param {HTMLButtonElement} button
 */
async function copyText(text, pre, button) {
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    getSelection()?.selectAllChildren(pre);
    button.textContent = "Selected";
  }
  setTimeout(() => {
    button.textContent = "Copy";
  }, 2_000);
}
