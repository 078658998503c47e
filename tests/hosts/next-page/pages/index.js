// The React page as a page of Next: rendered once at build time, on Node, then taken over in the browser.

export { App as default } from "../../react-page/app.js";
