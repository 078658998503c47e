// The React page as a page of Next: rendered on Node at build time, then hydrated in the browser.

export { App as default } from "../../react-page/app.js";
