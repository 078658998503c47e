// A self-signed certificate for localhost, made by openssl.

import { execFileSync } from "node:child_process";
import path from "node:path";

/**
 * Writes a certificate and its key into a folder, and returns the paths of both.
 *
 * @param {string} folder
 */
export function makeCertificate(folder) {
  const cert = path.join(folder, "cert.pem");
  const key = path.join(folder, "key.pem");
  const kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  const names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
  const files = ["-days", "2", "-keyout", key, "-out", cert];
  execFileSync("openssl", ["req", ...kind, ...names, ...files], { stdio: "pipe" });
  return { cert, key };
}
