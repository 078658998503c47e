// The strip "Try it" of the demo page: breaks the stream, publishes what is hard to show, and counts
// what was published beside what arrived. The gateway has the routes in a demo with a sample job
// only; elsewhere the strip stays hidden.

/**
 * What `GET /demo/state` returns.
 *
 * @typedef {object} DemoState
 * @property {number} rate Logs per second of each workflow.
 * @property {{ name: string, seconds: number } | null} fault The fault that lasts.
 * @property {string} epoch Changes when a gateway without a disk is restarted.
 * @property {Record<string, number>} published The logs of each workflow since the epoch began.
 * @property {boolean} isSupervised Whether a supervisor restarts the gateway when it ends.
 */

const MAX_RATE = 5_000;
const POLL_MS = 500;

/**
 * @template {HTMLElement} T
 * @param {string} id
 * @returns {T}
 */
function element(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`index.html has no #${id}`);
  return /** @type {T} */ (found);
}

/** @type {HTMLDetailsElement} */
const strip = element("try");
const logs = element("live-logs");
const status = element("try-status");
/** @type {HTMLSelectElement} */
const workflow = element("workflow");
/** @type {HTMLInputElement} */
const rate = element("try-rate");
/** @type {HTMLOutputElement} */
const rateValue = element("try-rate-value");
const kill = element("try-kill");

/** The epoch when the page was opened: the numbers of another epoch begin anew. */
let firstEpoch = "";

/** Steps of the slider are equal ratios, since a reader notices ratios of rates. @param {number} step */
const rateOf = (step) => (step === 0 ? 0 : Math.round(MAX_RATE ** (step / 100) * 10) / 10);

/** @param {number} rate */
const stepOf = (rate) =>
  rate < 1 ? (rate > 0 ? 1 : 0) : Math.round((Math.log(rate) / Math.log(MAX_RATE)) * 100);

/** @param {number} perSecond */
function showRate(perSecond) {
  const text = `${perSecond.toLocaleString("en")} lines/s on each workflow`;
  rateValue.textContent = text;
  // Steps of the slider mean nothing to a listener.
  rate.setAttribute("aria-valuetext", text);
}

/** @returns {Promise<DemoState | undefined>} */
async function readState() {
  try {
    const response = await fetch("/demo/state");
    return response.ok ? await response.json() : undefined;
  } catch {
    return undefined;
  }
}

/**
 * @param {string} control
 * @param {object} body
 */
async function send(control, body) {
  try {
    const response = await fetch(`/demo/${control}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    const answer = await response.json();
    return response.ok ? answer : { error: answer.error };
  } catch {
    return { error: "the gateway did not answer" };
  }
}

/** @param {string} name @param {string | number} value */
function show(name, value) {
  const cell = strip.querySelector(`[data-count="${name}"]`);
  if (cell) cell.textContent = typeof value === "number" ? value.toLocaleString("en") : value;
}

/**
 * Shows what was published beside what had arrived before.
 *
 * @param {DemoState} state
 * @param {DOMStringMap} arrived
 */
function showCounts(state, { received, missing, duplicates, first }) {
  const newest = state.published[workflow.value] ?? 0;
  // A stream begins in the middle of the log. Numbers of another epoch do not compare, nor do those
  // of two workflows.
  const isComparable = Number(first) > 0 && state.epoch === firstEpoch && newest > 0;
  show("published", isComparable ? newest - Number(first) + 1 : "–");
  show("received", Number(received ?? 0));
  show("missing", Number(missing ?? 0));
  show("duplicates", Number(duplicates ?? 0));
  show("rows", logs.querySelectorAll(".dsl-row").length);
}

async function poll() {
  if (strip.open && !document.hidden) {
    // Read first, so that no line is counted as received before it is counted as published.
    const arrived = { ...logs.dataset };
    const state = await readState();
    if (state) showCounts(state, arrived);
    if (state?.fault)
      status.textContent = `${state.fault.name}: ${Math.ceil(state.fault.seconds)} s left`;
    else if (/ s left$/.test(status.textContent ?? "")) status.textContent = "";
  }
  setTimeout(poll, POLL_MS);
}

/** @param {MouseEvent} event */
async function act(event) {
  const button = event.target instanceof Element && event.target.closest("button");
  if (!button) return;
  const { fault, scene } = button.dataset;
  const [workspace_id, workflow_id] = workflow.value.split(",")[0].split("/");
  if (fault) {
    const { error } = await send("fault", { name: fault });
    status.textContent = error ?? `${button.textContent}: begun`;
  } else if (scene) {
    const { error, published } = await send("scene", { name: scene, workspace_id, workflow_id });
    status.textContent = error ?? `${button.textContent}: ${published} logs published`;
  } else if (button === kill) {
    await send("kill", {});
    status.textContent = "The gateway was killed; it starts again in a moment";
  }
}

const state = await readState();
if (state) {
  firstEpoch = state.epoch;
  rate.value = String(stepOf(state.rate));
  showRate(state.rate);
  kill.hidden = !state.isSupervised;
  strip.hidden = false;
  // A link to #try shows the strip.
  strip.open = location.hash === "#try";
  strip.addEventListener("click", act);
  strip.addEventListener("toggle", () => {
    const hash = strip.open ? "#try" : location.pathname;
    history.replaceState(null, "", hash);
  });
  rate.addEventListener("input", () => {
    showRate(rateOf(Number(rate.value)));
  });
  rate.addEventListener("change", async () => {
    const { error } = await send("rate", { rate: rateOf(Number(rate.value)) });
    status.textContent = error ?? "";
  });
  await poll();
}

export {};
