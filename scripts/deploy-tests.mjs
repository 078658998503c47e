// Tests what deploy/ contains: the nginx configuration with a real nginx, the systemd unit, the
// Kubernetes manifests and the Containerfile. To run these tests alone: `node
// scripts/deploy-tests.mjs`.

import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { buildGateway } from "./lib/build.mjs";
import { entry, must, ROOT, run, runAndKeep } from "./lib/run.mjs";
import { findPython } from "./python-tests.mjs";

const HERE = path.join(ROOT, "tests/deploy");
const VENV = path.join(ROOT, "target/deploy-venv");
const KUBERNETES_VALIDATE = path.join(VENV, "bin/kubernetes-validate");

/**
 * Runs the tests with the program of a gateway.
 *
 * @param {string} gateway
 */
export async function deployTests(gateway) {
  await installValidator();
  const files = readdirSync(HERE).filter((file) => file.endsWith(".test.mjs"));
  const options = ["--test", "--test-reporter=spec", "--test-concurrency=2"];
  return runAndKeep(process.execPath, [...options, ...files.map((file) => path.join(HERE, file))], {
    env: { LOGS_GATEWAY: gateway, KUBERNETES_VALIDATE },
  });
}

/** Installs the validator of manifests, which brings the schemas along. */
async function installValidator() {
  if (existsSync(KUBERNETES_VALIDATE)) return;
  console.log("deploy: installing the validator of Kubernetes manifests, 6 MB (10 s) …");
  await must(run(findPython(), ["-m", "venv", VENV]), "deploy: 'python -m venv' failed; see above");
  const install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
  const requirements = path.join(HERE, "requirements.txt");
  await must(
    run(path.join(VENV, "bin/python"), [...install, "--requirement", requirements]),
    "deploy: pip failed: is PyPI reachable from here?",
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await entry(async () => (await deployTests(await buildGateway())).code);
}
