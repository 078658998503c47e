// Runs other programs: starts them, waits for them, captures their output and stops them.

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** @import { ChildProcess, ChildProcessByStdio } from "node:child_process" */
/** @import { Readable } from "node:stream" */

/**
 * How to run a program: with these variables added to the environment, or removed from it if
 * `undefined`.
 *
 * @typedef {{ env?: Record<string, string | undefined>, cwd?: string }} RunOptions
 */

/** The repository's root, where programs run by default. */
export const ROOT = path.resolve(fileURLToPath(import.meta.url), "../../..");

/** An error whose message tells the user what to do. It is printed without a stack. */
export class UserError extends Error {}

/**
 * Runs a program to its end with its output shown, and returns the exit code.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {RunOptions} [options]
 */
export async function run(command, args, { env = {}, cwd = ROOT } = {}) {
  const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: "inherit" });
  return exitCode(child, command);
}

/**
 * Runs a program to its end next to others, with each line of its output prefixed by `name`, and
 * returns the exit code. Aborting `signal` ends the program.
 *
 * @param {string} name
 * @param {string} command
 * @param {string[]} args
 * @param {RunOptions & { signal?: AbortSignal }} [options]
 */
export async function runBeside(name, command, args, { env = {}, cwd = ROOT, signal } = {}) {
  const child = spawn(command, args, {
    cwd,
    signal,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on("line", (line) => console.log(`${name} | ${line}`));
  return exitCode(child, command);
}

/**
 * Runs a program to its end with its output shown, and returns the output and the exit code.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {RunOptions} [options]
 */
export async function runAndKeep(command, args, { env, cwd } = {}) {
  const child = spawnPiped(command, args, { env, cwd });
  let output = "";
  child.stdout.on("data", (chunk) => {
    output += chunk;
    process.stdout.write(chunk);
  });
  child.stderr.on("data", (chunk) => {
    output += chunk;
    process.stderr.write(chunk);
  });
  return { code: await exitCode(child, command), output };
}

/**
 * Throws a `UserError` unless a program succeeds.
 *
 * @param {Promise<number>} exitCode
 * @param {string} problem
 */
export async function must(exitCode, problem) {
  if ((await exitCode) !== 0) throw new UserError(problem);
}

/**
 * Runs a program and returns what it printed, or `undefined` if it is missing or fails. Its
 * standard error is discarded unless `showErrors` is set.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {RunOptions & { showErrors?: boolean }} [options]
 */
export function capture(command, args, { env = {}, cwd = ROOT, showErrors = false } = {}) {
  const { status, stdout } = spawnSync(command, args, {
    cwd,
    env: { ...process.env, ...env },
    encoding: "utf8",
    maxBuffer: 64 << 20,
    stdio: ["ignore", "pipe", showErrors ? "inherit" : "pipe"],
  });
  return status === 0 ? stdout.trim() : undefined;
}

/**
 * Starts a program that keeps running, and returns once its standard output matches `ready`. Its
 * standard error becomes part of the error if it fails to start, and is shown meanwhile if `show`
 * is set.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {RegExp} ready
 * @param {RunOptions & { seconds?: number, show?: boolean }} [options]
 */
export async function startUntil(
  command,
  args,
  ready,
  { env, cwd, seconds = 30, show = false } = {},
) {
  const child = spawnPiped(command, args, { env, cwd });
  let errors = "";
  child.stderr.on("data", (chunk) => {
    errors = (errors + chunk).slice(-8_192);
    if (show) process.stderr.write(chunk);
  });
  try {
    const match = await firstMatch(child, ready, {
      seconds,
      explain: (problem) => `${command} ${args.join(" ")}: ${problem}\n${errors}`,
    });
    return { child, match };
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  }
}

/**
 * Starts a program whose output the caller reads.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {RunOptions} options
 */
function spawnPiped(command, args, { env = {}, cwd = ROOT }) {
  return spawn(command, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

/**
 * Resolves to the first match of `pattern` in the output of `child`.
 *
 * @param {ChildProcessByStdio<null, Readable, Readable>} child
 * @param {RegExp} pattern
 * @param {{ seconds: number, explain: (problem: string) => string }} options
 * @returns {Promise<RegExpExecArray>}
 */
function firstMatch(child, pattern, { seconds, explain }) {
  return new Promise((resolve, reject) => {
    const fail = (/** @type {string} */ problem) => reject(new UserError(explain(problem)));
    const timer = setTimeout(() => fail(`not ready after ${seconds} s`), seconds * 1_000);
    child.on("error", (error) => fail(error.message));
    child.on("exit", (code) => {
      clearTimeout(timer);
      fail(`ended with ${code} before it was ready`);
    });
    let output = "";
    child.stdout.on("data", function search(chunk) {
      output += chunk;
      const match = pattern.exec(output);
      if (!match) return;
      clearTimeout(timer);
      child.stdout.off("data", search);
      // Reads on, so that the program does not block on a full pipe.
      child.stdout.resume();
      resolve(match);
    });
  });
}

/**
 * Stops a child, forcibly after `seconds`. Does nothing if there is none, or if it has ended.
 *
 * @param {ChildProcess | undefined} child
 * @param {{ seconds?: number, signal?: NodeJS.Signals }} [options]
 */
export async function stop(child, { seconds = 5, signal = "SIGTERM" } = {}) {
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill(signal);
  const timer = setTimeout(() => child.kill("SIGKILL"), seconds * 1_000);
  await ended;
  clearTimeout(timer);
}

/**
 * Runs a script's `main`, whose result is the exit code. Prints only the message of a `UserError`.
 *
 * @param {() => Promise<number | void>} main
 */
export async function entry(main) {
  try {
    process.exitCode = (await main()) ?? 0;
  } catch (error) {
    console.error(error instanceof UserError ? `\n${error.message}` : error);
    process.exitCode = 1;
  }
}

/**
 * Returns the message of a thrown value.
 *
 * @param {unknown} error
 */
export function messageOf(error) {
  return error instanceof Error ? error.message : String(error);
}

/**
 * Resolves to the exit code of a child, 1 if a signal ended it.
 *
 * @param {ChildProcess} child
 * @param {string} command
 * @returns {Promise<number>}
 */
function exitCode(child, command) {
  return new Promise((resolve, reject) => {
    child.on("error", (error) => {
      const isMissing = "code" in error && error.code === "ENOENT";
      reject(
        new UserError(`${command}: ${isMissing ? "not installed, or not on PATH" : error.message}`),
      );
    });
    // Not "exit", after which output may still arrive.
    child.on("close", (code, signal) => resolve(code ?? (signal ? 1 : 0)));
  });
}
