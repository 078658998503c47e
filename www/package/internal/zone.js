// Support for hosts with zone.js (Angular). zone.js runs each listener, timer, animation frame and
// message port in the zone that registered it, and Angular then checks the whole page for changes.
// So the package registers everything in the root zone, which Angular does not observe, and runs
// only a host's callbacks in the zone in which the host passed them.

/**
 * @typedef {{ run<T>(callback: () => T): T }} Zone
 * @typedef {(...args: any[]) => any} AnyFunction
 */

/**
 * Returns zone.js if the page has it. It may be loaded after this module.
 *
 * @returns {{ current: Zone, root: Zone } | null}
 */
function zoneJs() {
  const { Zone } = /** @type {{ Zone?: { current: Zone, root: Zone } }} */ (globalThis);
  return Zone && typeof Zone.root?.run === "function" ? Zone : null;
}

/**
 * Returns the current zone, or `null` in the root zone and on pages without zone.js.
 *
 * @returns {Zone | null}
 */
function hostZone() {
  const Zone = zoneJs();
  return Zone && Zone.current !== Zone.root ? Zone.current : null;
}

/**
 * Calls `action` in the root zone and returns its result.
 *
 * @template T
 * @param {() => T} action
 * @returns {T}
 */
export function outside(action) {
  const Zone = zoneJs();
  return Zone && hostZone() ? Zone.root.run(action) : action();
}

/** Returns a function that calls an action in the zone that is current now. */
export function currentZone() {
  const zone = hostZone();
  return (/** @type {() => void} */ action) => (zone ? zone.run(action) : action());
}

/**
 * Returns `value`, a function or an object of options, with its functions bound to the current
 * zone.
 *
 * @template T
 * @param {T} value
 * @returns {T}
 */
export function bindToZone(value) {
  const zone = hostZone();
  if (!zone) return value;
  if (typeof value === "function")
    return /** @type {T} */ (
      inZone(zone, /** @type {AnyFunction} */ (/** @type {unknown} */ (value)))
    );
  if (value === null || typeof value !== "object" || Array.isArray(value)) return value;
  const bound = Object.entries(value).map(([name, option]) => [
    name,
    typeof option === "function" ? inZone(zone, option) : option,
  ]);
  return Object.fromEntries(bound);
}

/**
 * @param {Zone} zone
 * @param {AnyFunction} callback
 * @returns {AnyFunction}
 */
function inZone(zone, callback) {
  return (...args) => zone.run(() => callback(...args));
}

/**
 * Returns `handle` with methods that run in the root zone and bind the functions passed to them to
 * the host's zone.
 *
 * @template {object} T
 * @param {T} handle
 * @returns {T}
 */
export function outsideAll(handle) {
  const wrapped = Object.entries(handle).map(([name, value]) => [
    name,
    typeof value === "function" ? outsideMethod(value) : value,
  ]);
  return Object.fromEntries(wrapped);
}

/**
 * @param {AnyFunction} method
 * @returns {AnyFunction}
 */
function outsideMethod(method) {
  return (...args) => {
    const bound = args.map(bindToZone);
    return outside(() => method(...bound));
  };
}
