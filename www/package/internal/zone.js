// Hosts with zone.js (Angular). zone.js runs each listener, timer, frame and message port in the zone in which it was registered, and
// Angular then looks for changes in the whole page. So everything of the package is registered in the root zone, which nobody
// watches, and only a host's own callbacks run in the zone in which the host passed them.

/** zone.js, where the page has it; it may be loaded after this module. */
function zones() {
  const { Zone } = globalThis;
  return typeof Zone?.root?.run === "function" ? Zone : null;
}

/** Calls `act` outside of the host's zone, and returns what it returns. */
export function outside(act) {
  const Zone = zones();
  return Zone && Zone.current !== Zone.root ? Zone.root.run(act) : act();
}

/** Returns what calls an act in the zone that is current now. */
export function currentZone() {
  const Zone = zones();
  const zone = Zone && Zone.current !== Zone.root ? Zone.current : null;
  return (act) => (zone ? zone.run(act) : act());
}

/** Returns `value`, and where it is a function, one that runs in the zone that is current now. */
function inThisZone(value) {
  if (typeof value !== "function") return value;
  const zone = currentZone();
  return (...parts) => zone(() => value(...parts));
}

/** Returns `given`, a function or an object of options, with each function bound to the zone that is current now. */
export function bound(given) {
  const Zone = zones();
  const isObject = given !== null && typeof given === "object" && !Array.isArray(given);
  if (!Zone || Zone.current === Zone.root || !(isObject || typeof given === "function"))
    return given;
  return isObject
    ? Object.fromEntries(Object.entries(given).map(([name, value]) => [name, inThisZone(value)]))
    : inThisZone(given);
}

/** Returns `handle` with each verb running outside, and what a host passes to it bound to the host's zone. */
export function outsideAll(handle) {
  const wrapped = ([name, value]) => [
    name,
    typeof value === "function" ? (...parts) => runOutside(value, parts) : value,
  ];
  return Object.fromEntries(Object.entries(handle).map(wrapped));
}

function runOutside(verb, parts) {
  const given = parts.map(bound);
  return outside(() => verb(...given));
}
