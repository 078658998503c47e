// The log viewer as a reader sees it: what a test finds on the page, by role where it has one.

import { expect } from "@playwright/test";

/** The viewer within a page, a frame, or an element. */
export class Viewer {
  /** @param {Pick<import("@playwright/test").Page, "locator" | "getByRole" | "getByText">} scope */
  constructor(scope) {
    this.root = scope.locator(".dsl-root");
    this.section = scope.locator(".dsl-section");
    this.list = scope.getByRole("log");
    this.rows = scope.locator(".dsl-row");
    this.messages = scope.locator(".dsl-row .dsl-message");
    this.title = scope.locator(".dsl-section .dsl-title").first();
    this.statusWord = scope.locator(".dsl-word");
    this.reason = scope.locator(".dsl-reason");
    this.progress = scope.locator(".dsl-progress");
    this.liveMark = scope.getByText("🔴 LIVE");
    this.connectButton = scope.getByRole("button", { name: "Connect Live Logs" });
    this.disconnectButton = scope.getByRole("button", { name: "Disconnect" });
    this.retryNowButton = scope.getByRole("button", { name: "Retry now" });
    this.clearButton = scope.getByRole("button", { name: "Clear view" });
    this.undoButton = scope.getByRole("button", { name: "Undo" });
    this.saveButton = scope.getByRole("button", { name: "Save…" });
    this.saveDialog = scope.getByRole("dialog", { name: "Save log" });
    /** Shown where there is no room for the buttons in it. */
    this.viewButton = scope.getByRole("button", { name: "View", exact: true });
    this.wrapButton = scope.getByRole("button", { name: "Wrap lines", includeHidden: true });
    this.newestButton = scope.getByRole("button", { name: /[↑↓]/ });
    this.newErrorsButton = scope.locator(".dsl-new-errors");
    this.pauseButton = scope.locator(".dsl-pause");
    this.searchField = scope.getByRole("searchbox");
  }

  toggleWrap() {
    return this.toggleView("Wrap lines");
  }

  /**
   * Presses a button that changes how lines are shown, in the menu if it is there.
   *
   * @param {string} name
   */
  async toggleView(name) {
    const isMenu = await this.viewButton.isVisible();
    if (isMenu) await this.viewButton.click();
    await this.section.getByRole("button", { name }).click();
    if (isMenu) await this.viewButton.click();
  }

  /** @param {string | RegExp} text */
  row(text) {
    return this.rows.filter({ hasText: text });
  }

  /**
   * Waits until the status bar shows a word such as `CONNECTED`.
   *
   * @param {string | RegExp} word
   */
  async expectStatus(word) {
    await expect(this.statusWord).toHaveText(word);
  }

  /** Waits until the viewer is connected and marks the log as live. */
  async expectLive() {
    await this.expectStatus("CONNECTED");
    await expect(this.liveMark).toBeVisible();
  }
}

/**
 * Remembers the page's own log table; `unchanged()` fails if it is another element or has another
 * content by then.
 *
 * @param {import("@playwright/test").Page} page
 */
export async function rememberOwnLogs(page) {
  const table = page.locator("#logs");
  const before = await table.evaluate((element) => {
    element.setAttribute("data-remembered", "");
    return element.outerHTML;
  });
  return {
    unchanged: async () =>
      expect(await table.evaluate((element) => element.outerHTML)).toBe(before),
  };
}

/**
 * Returns the bounding box of an element, which must be visible.
 *
 * @param {import("@playwright/test").Locator} locator
 */
export async function boxOf(locator) {
  const box = await locator.boundingBox();
  if (!box) throw new Error(`${locator} is not visible`);
  return box;
}
