// A plain Leptos client (bench/leptos-plain): a signal update per message, serde_json, the newest
// 200 lines kept, each a row.

import init, { mount, taken } from "/leptos-plain/leptos_plain.js";
import { contend, stream, wanted } from "./contender.js";

contend(async () => {
  await init();
  mount(stream());
  // It also counts the greeting.
  while (taken() === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const lines = () => taken() - 1;
  const lost = () => Math.max(0, wanted.lines - lines());
  return {
    lines,
    lost,
    doubled: () => 0,
    held: () => document.querySelectorAll("li").length,
    rows: "li",
  };
});
