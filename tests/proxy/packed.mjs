// The proxy module in the package as it is published, for `require` and `import`. Run by `npm test
// -- package`, since the package must be built.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import path from "node:path";
import { test } from "node:test";
import { required } from "../support/environment.mjs";
import { Gateway } from "../support/gateway.mjs";
import { allowAll, IDS, Reader, STREAM, startHost } from "./support.mjs";

const FOLDER = required("LOGS_NPM_FOLDER");
const ENTRY = "@datashop/logs-sse-client/proxy";

/** The package may load itself by its name, as its hosts do. */
const load = createRequire(path.join(FOLDER, "package.json"));

test("require returns a module that serves a real gateway", async (t) => {
  const gateway = await new Gateway().start();
  t.after(() => gateway.kill());
  const { createLogsProxy } = load(ENTRY);
  const host = await startHost(t, { gateway: gateway.url }, "plain http", createLogsProxy);
  const reader = await Reader.open(`${host.url}${STREAM}?${IDS}`);
  await reader.next();
  await gateway.publishNumbers(1, 1);
  assert.equal((await reader.nextNumber())?.number, 1);
});

test("require without exports, as old resolvers do, returns the same module", () => {
  assert.equal(load(path.join(FOLDER, "proxy")), load(ENTRY));
});

test("require loads nothing but the module's own files", () => {
  const script = `
    require(${JSON.stringify(ENTRY)});
    const path = require("node:path");
    console.log(Object.keys(require.cache).map((file) => path.relative(".", file)).join("\\n"));`;
  const files = run(["-e", script]).trim().split("\n");
  for (const file of files)
    assert.match(file, /^pkg\/legacy\/(proxy|internal\/(channel|proxy\/\w+))\.cjs$/);
});

test("import returns the same function", () => {
  const script = `
    import { createLogsProxy } from ${JSON.stringify(ENTRY)};
    const proxy = createLogsProxy({ gateway: "http://127.0.0.1:1", authorize: () => null });
    console.log(typeof proxy, typeof proxy.history, proxy.stats().streams);`;
  assert.equal(run(["--input-type=module", "-e", script]).trim(), "function function 0");
});

/** @param {string[]} args */
function run(args) {
  return execFileSync(process.execPath, args, { cwd: FOLDER, encoding: "utf8" });
}

test("the handlers refuse wrong options as the sources do", () => {
  const { createLogsProxy } = load(ENTRY);
  assert.throws(() => createLogsProxy({ authorize: allowAll }), /gateway: expected a URL/);
});
