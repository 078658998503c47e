// The viewer as React components. Uses `createElement`, since React 16 has no JSX runtime.

/** @import { MutableRefObject } from "react" */
/** @import { LiveLogsHandle, LiveLogsOptions } from "../../types/index.d.ts" */
/** @import { LogsSSEClientProps } from "../../types/react.d.ts" */

import { createElement, Fragment, useEffect, useRef, useState } from "react";
import { messageOf } from "../errors.js";
import { VIEWER_OPTIONS } from "../options.js";
import { mountLiveLogs } from "../viewer/mount.js";

/** @typedef {{ current: LogsSSEClientProps }} LatestProps */

/** @type {typeof import("../../types/react.d.ts").LogsSSEClient} */
export const LogsSSEClient = function LogsSSEClient(props) {
  const { className, style } = props;
  const container = useRef(/** @type {HTMLDivElement | null} */ (null));
  const mounted = useRef(
    /** @type {{ handle: LiveLogsHandle, optionNames: string[] } | null} */ (null),
  );
  const latest = useRef(props);
  const [failure, setFailure] = useState("");
  // A ref, not the state: StrictMode runs the effect twice with the same state.
  const reported = useRef("");
  latest.current = props;

  // After each render: passes the changes on to the mounted view.
  useEffect(() => {
    // react-test-renderer has no elements.
    if (!container.current) return;
    const options = optionsOf(props, latest);
    const optionNames = Object.keys(options);
    try {
      if (mounted.current) {
        const { handle } = mounted.current;
        handle.update({ ...unset(mounted.current.optionNames), ...options });
        mounted.current.optionNames = optionNames;
      } else {
        mounted.current = { handle: mountLiveLogs(container.current, options), optionNames };
      }
      reported.current = "";
      setFailure("");
    } catch (error) {
      // A wrong option is reported, not thrown: React would unmount the host's tree.
      const message = messageOf(error);
      if (message !== reported.current) report(error, latest.current.onError);
      reported.current = message;
      setFailure(message);
    }
  });

  useEffect(
    () => () => {
      mounted.current?.handle.unmount();
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
    // React renders no children into this element: the view owns its content.
    createElement("div", { ref: container, className, style }),
  );
};

/** @type {typeof import("../../types/react.d.ts").LogsWithSSE} */
export const LogsWithSSE = function LogsWithSSE({ children, ...props }) {
  return createElement(Fragment, null, createElement(LogsSSEClient, props), children);
};

const CALLBACKS = /** @type {const} */ (["onStatus", "onError", "onLog", "onLinkChange"]);
const COMPONENT_PROPS = new Set(["children", "className", "style", "key", "ref"]);

/**
 * Returns the options among the props. A callback is replaced by a function that stays the same and
 * calls the latest prop, so that a new arrow function on each render is not a change.
 *
 * @param {LogsSSEClientProps} props
 * @param {LatestProps} latest
 * @returns {LiveLogsOptions}
 */
function optionsOf(props, latest) {
  /** @type {Record<string, unknown>} */
  const options = {};
  for (const [name, value] of Object.entries(props))
    if (!COMPONENT_PROPS.has(name)) options[name] = value;
  for (const name of CALLBACKS)
    if (typeof props[name] === "function") options[name] = stableCallback(latest, name);
  return options;
}

/** @type {WeakMap<LatestProps, Record<string, (value: never) => void>>} */
const stableCallbacks = new WeakMap();

/**
 * @param {LatestProps} latest
 * @param {typeof CALLBACKS[number]} name
 */
function stableCallback(latest, name) {
  const known = stableCallbacks.get(latest) ?? {};
  stableCallbacks.set(latest, known);
  known[name] ??= (value) => latest.current[name]?.(value);
  return known[name];
}

/**
 * Returns options that reset `names` to their defaults: props that are gone.
 *
 * @param {string[]} names
 */
function unset(names) {
  const known = names.filter((name) => name in VIEWER_OPTIONS);
  return Object.fromEntries(known.map((name) => [name, undefined]));
}

/**
 * Reports an error from an effect, where a thrown one would unmount the host's tree.
 *
 * @param {unknown} error
 * @param {LiveLogsOptions["onError"]} onError
 */
function report(error, onError) {
  try {
    if (typeof onError === "function")
      onError(/** @type {Parameters<typeof onError>[0]} */ (error));
    else console.error(`[live logs] ${messageOf(error)}`);
  } catch (thrown) {
    console.error("[live logs] onError threw:", thrown);
  }
}
