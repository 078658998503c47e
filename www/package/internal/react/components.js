// The viewer as React components. `createElement` only: JSX's own runtime came after React 16.

import { createElement, Fragment, useEffect, useRef, useState } from "react";
import { words } from "../errors.js";
import { mountLiveLogs } from "../viewer/mount.js";
import { VIEWER_OPTIONS } from "../options.js";

/** Status bar, button and live section. Options are props; all but `wasmUrl` and `backend` may change. */
export function LogsSSEClient(props) {
  const { className, style } = props;
  const place = useRef(null);
  const mounted = useRef(null);
  const latest = useRef(props);
  const [failure, setFailure] = useState("");
  // Beside the state: StrictMode runs the effect twice, and both see the state of before.
  const told = useRef("");
  latest.current = props;

  // After each rendering: what changed goes to the view that is there.
  useEffect(() => {
    // react-test-renderer has no elements.
    if (!place.current) return;
    const options = optionsOf(props, latest);
    try {
      if (mounted.current)
        mounted.current.handle.update({ ...unset(mounted.current.names), ...options });
      else mounted.current = { handle: mountLiveLogs(place.current, options) };
      mounted.current.names = Object.keys(options);
      told.current = "";
      setFailure("");
    } catch (error) {
      // A wrong option is told, and the host's page goes on: an error thrown here would take it down.
      if (words(error) !== told.current) tell(error, latest.current.onError);
      told.current = words(error);
      setFailure(words(error));
    }
  });

  useEffect(
    () => () => {
      if (mounted.current) mounted.current.handle.unmount();
      mounted.current = null;
    },
    [],
  );

  return createElement(
    Fragment,
    null,
    failure
      ? createElement("p", { className: "dsl-root dsl-broken", role: "alert" }, failure)
      : null,
    // The view is not React's: this element never has children of its.
    createElement("div", { ref: place, className, style }),
  );
}

/** Live logs above `children`, which stay as they are. */
export function LogsWithSSE({ children, ...props }) {
  return createElement(Fragment, null, createElement(LogsSSEClient, props), children);
}

const CALLBACKS = ["onStatus", "onError", "onLog"];
const OWN = new Set(["children", "className", "style", "key", "ref"]);

/** The options among the props. Callbacks are the same function for ever and call the latest, so that a new arrow function is no change. */
function optionsOf(props, latest) {
  const options = {};
  for (const [name, value] of Object.entries(props)) if (!OWN.has(name)) options[name] = value;
  for (const name of CALLBACKS) {
    if (typeof props[name] === "function") options[name] = callbackOf(latest, name);
  }
  return options;
}

const callbacks = new WeakMap();

function callbackOf(latest, name) {
  const known = callbacks.get(latest) ?? {};
  callbacks.set(latest, known);
  known[name] ??= (value) => {
    const callback = latest.current[name];
    if (callback) callback(value);
  };
  return known[name];
}

/** A prop that is gone stands for its default again. */
function unset(names) {
  return Object.fromEntries(
    names.filter((name) => name in VIEWER_OPTIONS).map((name) => [name, undefined]),
  );
}

/** Reports an error from within an effect, where one that is thrown would take the host's page down. */
function tell(error, onError) {
  try {
    if (typeof onError === "function") onError(error);
    else console.error(`[live logs] ${words(error)}`);
  } catch (thrown) {
    console.error("[live logs] onError threw:", thrown);
  }
}
