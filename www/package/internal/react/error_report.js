// Where the errors of a provider go: its `onError`, or the console.

/** @import { LiveLogsError } from "../errors.js" */
/** @import { LogsSSEProviderProps } from "../../types/react.d.ts" */

/**
 * @param {() => LogsSSEProviderProps} props
 */
export function createErrorReport(props) {
  /** @type {Set<string>} */
  const reported = new Set();

  /** @param {LiveLogsError} error */
  function fail(error) {
    const { onError } = props();
    try {
      if (typeof onError === "function") onError(error);
      else if (LOGGED_TYPES.has(error.type)) console.error(`[live logs] ${error.message}`);
    } catch (thrown) {
      console.error("[live logs] onError threw:", thrown);
    }
  }

  return {
    fail,

    /**
     * Reports wrong input once; each render and each StrictMode effect repeats it.
     *
     * @param {LiveLogsError} error
     */
    failOnce(error) {
      if (reported.has(error.message)) return;
      reported.add(error.message);
      fail(error);
    },
  };
}

/**
 * Errors that are logged if the provider has no `onError`. The client logs those of the connection.
 *
 * @type {ReadonlySet<string>}
 */
const LOGGED_TYPES = new Set(["internal", "load", "callback", "storage", "option"]);
