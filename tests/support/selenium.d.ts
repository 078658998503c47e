// The part of selenium-webdriver, which has no types of its own, that tests/package/firefox.mjs
// uses.

declare module "selenium-webdriver" {
  export class WebDriver {
    get(url: string): Promise<void>;
    wait(condition: () => Promise<boolean>, millis: number, message: string): Promise<void>;
    executeScript<T>(script: () => T): Promise<T>;
    findElements(locator: Locator): Promise<WebElement[]>;
    quit(): Promise<void>;
  }

  interface WebElement {
    click(): Promise<void>;
  }

  interface Locator {
    using: string;
  }

  export const By: {
    css(selector: string): Locator;
    xpath(expression: string): Locator;
  };

  export class Builder {
    forBrowser(name: string): this;
    setFirefoxOptions(options: import("selenium-webdriver/firefox.js").Options): this;
    setFirefoxService(service: import("selenium-webdriver/firefox.js").ServiceBuilder): this;
    build(): WebDriver;
  }
}

declare module "selenium-webdriver/firefox.js" {
  export class Options {
    setBinary(path: string): this;
    addArguments(...args: string[]): this;
  }

  export class ServiceBuilder {
    constructor(path: string);
  }

  const firefox: { Options: typeof Options; ServiceBuilder: typeof ServiceBuilder };
  export default firefox;
}
