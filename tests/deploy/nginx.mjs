// A real nginx with the configuration of deploy/nginx, on a free port, until the test ends.

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import os from "node:os";
import path from "node:path";
import { ROOT } from "../../scripts/lib/run.mjs";
import { makeCertificate } from "../support/certificate.mjs";
import { until } from "./support.mjs";

/** @import { TestContext } from "node:test" */

const CONFIGURATION = path.join(ROOT, "deploy/nginx/logs-gateway.conf");

export class Nginx {
  /** @type {import("node:child_process").ChildProcess | undefined} */
  #child;
  #folder = mkdtempSync(path.join(os.tmpdir(), "logs-gateway-nginx-"));
  url = "";
  ca = "";

  /**
   * @param {TestContext} t
   * @param {string} gateway The URL of the gateway.
   * @param {Record<string, string>} [changes] Directives to replace, by their text in the file.
   */
  static async start(t, gateway, changes = {}) {
    const nginx = new Nginx();
    t.after(() => nginx.#end());
    const { cert, key } = makeCertificate(nginx.#folder);
    nginx.ca = readFileSync(cert, "utf8");
    const port = await freePort();
    nginx.url = `https://localhost:${port}`;
    nginx.#write(cert, key, { port, gateway: new URL(gateway).host, changes });
    nginx.#child = spawn("nginx", nginx.#args(), { stdio: ["ignore", "inherit", "inherit"] });
    await until("nginx listens", () => connects(port));
    return nginx;
  }

  /** Starts new workers; the old ones end once their streams have. */
  async reload() {
    const before = this.workers();
    execFileSync("nginx", [...this.#args(), "-s", "reload"], { stdio: "pipe" });
    await until("there are new workers", () =>
      this.workers().some((worker) => !before.includes(worker)),
    );
  }

  /** Kills the workers as a crash would; the master starts new ones. */
  async killWorkers() {
    const before = this.workers();
    for (const worker of before) process.kill(worker, "SIGKILL");
    await until("there are new workers", () => {
      const now = this.workers();
      return now.length > 0 && now.every((worker) => !before.includes(worker));
    });
  }

  /** @returns {number[]} */
  workers() {
    const master = this.#child?.pid;
    const text = readFileSync(`/proc/${master}/task/${master}/children`, "utf8");
    return text.split(" ").filter(Boolean).map(Number);
  }

  #args() {
    return ["-c", path.join(this.#folder, "nginx.conf"), "-p", this.#folder, "-e", "stderr"];
  }

  /**
   * @param {string} cert
   * @param {string} key
   * @param {{ port: number, gateway: string, changes: Record<string, string> }} options
   */
  #write(cert, key, { port, gateway, changes }) {
    /** @type {Record<string, string>} */
    const replaced = {
      "listen 443 ssl http2;": `listen 127.0.0.1:${port} ssl http2;`,
      "server 127.0.0.1:8080 max_fails=0;": `server ${gateway} max_fails=0;`,
      "server_name logs.example.com;": "server_name localhost;",
      "/etc/nginx/tls/fullchain.pem;": `${cert};`,
      "/etc/nginx/tls/privkey.pem;": `${key};`,
      ...changes,
    };
    let text = readFileSync(CONFIGURATION, "utf8");
    for (const [from, to] of Object.entries(replaced)) {
      if (!text.includes(from)) throw new Error(`${CONFIGURATION} has no ${from}`);
      text = text.replace(from, to);
    }
    writeFileSync(path.join(this.#folder, "logs-gateway.conf"), text);
    const kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    const paths = kinds.map((kind) => `${kind}_temp_path ${this.#folder}/${kind};`);
    mkdirSync(path.join(this.#folder, "logs"));
    const main = [
      // The workers of root are another user by default, who may not read the folder.
      process.getuid?.() === 0 ? "user root;" : "",
      "daemon off; worker_processes 2; error_log stderr crit;",
      `pid ${this.#folder}/nginx.pid;`,
      "events { worker_connections 1024; }",
      `http { access_log off; ${paths.join(" ")} include ${this.#folder}/logs-gateway.conf; }`,
    ];
    writeFileSync(path.join(this.#folder, "nginx.conf"), main.join("\n"));
  }

  async #end() {
    if (this.#child && this.#child.exitCode === null) {
      const ended = once(this.#child, "exit");
      // Fast shutdown: streams are not waited for.
      this.#child.kill("SIGTERM");
      await ended;
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** @returns {Promise<number>} */
async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  server.close();
  await once(server, "close");
  return port;
}

/** @param {number} port */
async function connects(port) {
  const { connect } = await import("node:net");
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
