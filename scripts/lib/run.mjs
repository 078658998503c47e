// @ts-check

// Starting other programs: one place that knows how to run, wait, capture and stop them.
// Knows nothing of what the programs are for.

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import path from "node:path";

/** The repository's top folder; every script works from here, wherever it was called. */
export const ROOT = path.resolve(fileURLToPath(import.meta.url), "../../..");

/** An error whose message tells the user what to do. It is printed without a stack. */
export class UserError extends Error {}

// bench and tests still import the old name.
export { UserError as Told };

/** Runs a program to its end, its output shown as it comes. Resolves to the exit code. */
export async function run(command, args, { env = {}, cwd = ROOT } = {}) {
  const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: "inherit" });
  const [code, signal] = await exitOf(child, command);
  return code ?? (signal ? 1 : 0);
}

/**
 * Runs a program to its end beside others: each line of its output is printed behind `name`. Resolves to the exit code.
 * Aborting `signal` ends the program.
 */
export async function runBeside(name, command, args, { env = {}, cwd = ROOT, signal } = {}) {
  const child = spawn(command, args, {
    cwd,
    signal,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => console.log(`${name} | ${line}`));
  }
  const [code, killedBy] = await exitOf(child, command);
  return code ?? (killedBy ? 1 : 0);
}

/** As `run`, and gives what was printed beside the exit code. */
export async function runAndKeep(command, args, { env = {}, cwd = ROOT } = {}) {
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const [from, to] of [
    [child.stdout, process.stdout],
    [child.stderr, process.stderr],
  ]) {
    from.on("data", (chunk) => {
      output += chunk;
      to.write(chunk);
    });
  }
  const [code, signal] = await exitOf(child, command);
  return { code: code ?? (signal ? 1 : 0), output };
}

/** Runs a program and gives back what it printed, or `undefined` when it is missing or fails. */
export function capture(command, args, { env = {}, cwd = ROOT } = {}) {
  const done = spawnSync(command, args, { cwd, env: { ...process.env, ...env }, encoding: "utf8" });
  return done.status === 0 ? done.stdout.trim() : undefined;
}

/**
 * Starts a program that stays, and resolves once a line of its standard output matches `ready`.
 * Its standard error is kept, so that a failing start can be told whole; `show` passes it on as it comes.
 */
export async function startUntil(
  command,
  args,
  ready,
  { env = {}, cwd = ROOT, seconds = 30, show = false } = {},
) {
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let errors = "";
  child.stderr.on("data", (chunk) => {
    errors = (errors + chunk).slice(-8_192);
    if (show) process.stderr.write(chunk);
  });
  const match = await new Promise((resolve, reject) => {
    let seen = "";
    const timer = setTimeout(
      () => reject(new UserError(`${command}: not ready after ${seconds} s\n${errors}`)),
      seconds * 1_000,
    );
    child.on("error", (error) => reject(new UserError(`${command}: ${error.message}`)));
    child.on("exit", (code) => {
      clearTimeout(timer);
      reject(
        new UserError(
          `${command} ${args.join(" ")} ended with ${code} before it was ready\n${errors}`,
        ),
      );
    });
    child.stdout.on("data", (chunk) => {
      if (seen === undefined) return;
      seen += chunk;
      const found = ready.exec(seen);
      if (!found) return;
      clearTimeout(timer);
      seen = undefined;
      resolve(found);
    });
  }).catch((error) => {
    child.kill("SIGKILL");
    throw error;
  });
  return { child, match };
}

/** Ends a child: asks first, insists after `seconds`. Safe to call on one that has ended. */
export async function stop(child, { seconds = 5, signal = "SIGTERM" } = {}) {
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill(signal);
  const insist = setTimeout(() => child.kill("SIGKILL"), seconds * 1_000);
  await gone;
  clearTimeout(insist);
}

/** Runs `main`, turning a told failure into one message and a non-zero exit. */
export async function entry(main) {
  try {
    process.exitCode = (await main()) ?? 0;
  } catch (error) {
    console.error(error instanceof UserError ? `\n${error.message}` : error);
    process.exitCode = 1;
  }
}

function exitOf(child, command) {
  return new Promise((resolve, reject) => {
    child.on("error", (error) => {
      reject(
        new UserError(
          error.code === "ENOENT"
            ? `${command} is not installed or not on PATH`
            : `${command}: ${error.message}`,
        ),
      );
    });
    // "close", not "exit": the last of the output may come after the end.
    child.on("close", (code, signal) => resolve([code, signal]));
  });
}
