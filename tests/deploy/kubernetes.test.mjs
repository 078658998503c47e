// deploy/kubernetes: the manifests match the schemas of Kubernetes, the configuration in them is
// valid, and what belongs together agrees.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { parseAllDocuments } from "yaml";
import { ROOT } from "../../scripts/lib/run.mjs";
import { required } from "../support/environment.mjs";

const MANIFESTS = path.join(ROOT, "deploy/kubernetes/logs-gateway.yaml");

/** The oldest and the newest version that are checked. */
const VERSIONS = ["1.29", "1.34"];

/** @type {Record<string, any>} */
const kinds = Object.fromEntries(
  parseAllDocuments(readFileSync(MANIFESTS, "utf8")).map((document) => {
    assert.deepEqual(document.errors, []);
    const object = document.toJS();
    return [object.kind, object];
  }),
);
const pod = kinds.StatefulSet.spec.template;
const [container] = pod.spec.containers;
/** @type {string} */
const configuration = kinds.ConfigMap.data["gateway.toml"];

/** @param {string} key */
function setting(key) {
  const value = configuration.match(new RegExp(`^${key} = "?([^"\\n]*)"?$`, "m"))?.[1];
  assert.ok(value, `${key} is not set`);
  return value;
}

for (const version of VERSIONS) {
  test(`the manifests match the schemas of Kubernetes ${version}`, () => {
    const args = ["--strict", "--kubernetes-version", version, MANIFESTS];
    const { status, stdout, stderr } = spawnSync(required("KUBERNETES_VALIDATE"), args, {
      encoding: "utf8",
    });
    assert.equal(status, 0, stdout + stderr);
    assert.equal((stdout + stderr).match(/ passed for /g)?.length, Object.keys(kinds).length);
  });
}

test("the gateway accepts the configuration", (t) => {
  const folder = mkdtempSync(path.join(os.tmpdir(), "logs-gateway-kubernetes-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const secrets = path.join(folder, "secrets");
  const file = path.join(folder, "gateway.toml");
  const hash = "a".repeat(64);
  writeFileSync(`${secrets}-tokens.toml`, tokensWith(hash));
  writeFileSync(`${secrets}-proxy-secret`, "s".repeat(32));
  writeFileSync(file, configuration.replaceAll("/etc/logs-gateway/secrets/", `${secrets}-`));
  const args = ["--config", file, "--check"];
  const { status, stdout, stderr } = spawnSync(required("LOGS_GATEWAY"), args, {
    encoding: "utf8",
  });
  assert.equal(status, 0, stdout + stderr);
});

/** @param {string} hash */
function tokensWith(hash) {
  return `[[token]]\nname = "etl"\nservices = ["etl"]\nworkspaces = ["prod_*"]\nsha256 = "${hash}"\n`;
}

test("a pod has more time to end than a drain takes", () => {
  const drain = ["drain-delay", "drain-window", "drain-timeout"]
    .map((key) => Number(setting(key).match(/^(\d+)s$/)?.[1]))
    .reduce((sum, seconds) => sum + seconds);
  assert.ok(pod.spec.terminationGracePeriodSeconds > drain + 5, `the drain takes ${drain} s`);
});

test("probes ask the listener for operators", () => {
  const ports = Object.fromEntries(
    container.ports.map((/** @type {any} */ { name, containerPort }) => [name, containerPort]),
  );
  assert.equal(setting("admin"), `0.0.0.0:${ports.admin}`);
  assert.equal(Number(configuration.match(/^port = (\d+)$/m)?.[1]), ports.http);
  for (const [probe, route] of Object.entries({
    startupProbe: "/health",
    livenessProbe: "/health",
    readinessProbe: "/ready",
  }))
    assert.deepEqual(container[probe].httpGet, { path: route, port: "admin" }, probe);
  assert.equal(kinds.Service.spec.ports[0].targetPort, "http", "operators are not in the service");
});

test("a pod has no right that it does not need", () => {
  const { securityContext } = container;
  assert.equal(securityContext.readOnlyRootFilesystem, true);
  assert.equal(securityContext.allowPrivilegeEscalation, false);
  assert.deepEqual(securityContext.capabilities, { drop: ["ALL"] });
  assert.equal(pod.spec.securityContext.runAsNonRoot, true);
  assert.equal(pod.spec.securityContext.seccompProfile.type, "RuntimeDefault");
  assert.equal(pod.spec.automountServiceAccountToken, false);
});

test("each object selects the pods of the gateway", () => {
  const { labels } = pod.metadata;
  assert.deepEqual(kinds.StatefulSet.spec.selector.matchLabels, labels);
  assert.deepEqual(kinds.Service.spec.selector, labels);
  assert.deepEqual(kinds.PodDisruptionBudget.spec.selector.matchLabels, labels);
  assert.deepEqual(kinds.NetworkPolicy.spec.podSelector.matchLabels, labels);
  // Two gateways would each have a part of the logs.
  assert.equal(kinds.StatefulSet.spec.replicas, 1);
});
