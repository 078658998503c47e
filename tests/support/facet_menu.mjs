// A menu of levels, pipelines or workflows, as a reader uses it.

import { expect } from "@playwright/test";

/** The menu of one facet: the button that opens it, and its values. */
export class FacetMenu {
  /**
   * @param {Pick<import("@playwright/test").Page, "locator" | "getByRole">} scope
   * @param {"Levels" | "Pipelines" | "Workflows"} name
   */
  constructor(scope, name) {
    this.button = scope.getByRole("button", { name: new RegExp(`^${name}: `) });
    this.panel = scope.getByRole("group", { name, exact: true });
    this.all = this.panel.locator(".dsl-facet-all");
    this.rows = this.panel.locator(".dsl-facet-row");
    this.labels = this.panel.locator(".dsl-facet-label");
  }

  async open() {
    if ((await this.button.getAttribute("aria-expanded")) !== "true") await this.button.click();
    await expect(this.panel).toBeVisible();
  }

  async close() {
    await this.button.focus();
    await this.button.press("Escape");
    await expect(this.panel).toBeHidden();
  }

  /**
   * Shows only these values, in addition to those that are shown only.
   *
   * @param {...string} labels
   */
  async only(...labels) {
    await this.open();
    for (const label of labels) await this.#row(label).locator(".dsl-facet-only").click();
    await this.close();
  }

  /** @param {...string} labels */
  async exclude(...labels) {
    await this.open();
    for (const label of labels) await this.#row(label).locator(".dsl-facet-not").click();
    await this.close();
  }

  /** Shows all values. */
  async showAll() {
    await this.open();
    await this.all.click();
    await this.close();
  }

  /**
   * Shows only one of the values, or all.
   *
   * @param {string} label As on its button: `ERROR`, `All levels`.
   */
  async selectOption(label) {
    await this.showAll();
    if (!/^All (levels|pipelines|workflows)$/.test(label))
      await this.only(label === "Errors" ? "ERROR" : label);
  }

  /** Returns the labels and counts: `INGESTION 12 · 3 errors`. */
  async counts() {
    await this.open();
    return this.panel
      .locator(".dsl-facet-only")
      .evaluateAll((buttons) =>
        buttons.map((button) => [...button.children].map((part) => part.textContent).join(" ")),
      );
  }

  /** @param {string} label */
  #row(label) {
    const name = this.panel.page().locator(".dsl-facet-label").getByText(label, { exact: true });
    return this.rows.filter({ has: name });
  }
}
