// Each entry point of the package has the shape that its types declare.

import type * as element from "../../www/package/types/element.js";
import type * as headless from "../../www/package/types/headless.js";
import type * as index from "../../www/package/types/index.js";
import type * as react from "../../www/package/types/react.js";

type Entry<Path extends "index" | "react" | "headless" | "element"> = {
  index: typeof import("../../www/package/index.js");
  react: typeof import("../../www/package/react.js");
  headless: typeof import("../../www/package/headless.js");
  element: typeof import("../../www/package/element.js");
}[Path];

declare const actual: { [Path in "index" | "react" | "headless" | "element"]: Entry<Path> };

actual.index satisfies typeof index;
actual.react satisfies typeof react;
actual.headless satisfies typeof headless;
actual.element satisfies typeof element;

/** The names that an entry exports but its types do not declare. */
type Undeclared<Actual, Declared> = Exclude<keyof Actual, keyof Declared>;

const undeclared: [
  Undeclared<Entry<"index">, typeof index>,
  Undeclared<Entry<"react">, typeof react>,
  Undeclared<Entry<"headless">, typeof headless>,
  Undeclared<Entry<"element">, typeof element>,
][] = [];
undeclared satisfies [never, never, never, never][];
