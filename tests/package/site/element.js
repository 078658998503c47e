// The page with the element: importing the module defines it.

import { defineLiveLogs } from "./pkg/element.js";

window.defineLiveLogs = defineLiveLogs;
window.element = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
