// What tests of a reader's place share: lines to read, and what is on the screen.

/** @import { Gateway } from "../support/gateway.mjs" */
/** @import { Page } from "@playwright/test" */

/**
 * Publishes lines `name 000` and so on.
 *
 * @param {Gateway} gateway
 * @param {string} name
 * @param {number} count
 */
export async function publish(gateway, name, count, fields = {}) {
  for (let number = 0; number < count; number++)
    await gateway.publish({
      level: "INFO",
      message: `${name} ${String(number).padStart(3, "0")}`,
      ...fields,
    });
}

/**
 * Returns the messages on the screen and their distance from the upper edge of the list.
 *
 * @param {Page} page
 */
export function onScreen(page) {
  return page.locator(".dsl-list").evaluate((list) => {
    const edge = list.getBoundingClientRect();
    return [...list.querySelectorAll("li")].flatMap((row) => {
      const { top, bottom } = row.getBoundingClientRect();
      const text = row.querySelector(".dsl-message")?.textContent ?? "";
      return bottom > edge.top && top < edge.top + list.clientHeight
        ? [{ text, y: top - edge.top }]
        : [];
    });
  });
}

/**
 * Waits until what happened before is drawn.
 *
 * @param {Page} page
 */
export const frames = (page) =>
  page.evaluate(
    () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))),
  );
