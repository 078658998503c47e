// The page's own script: shows the logs of earlier runs of the selected workflow. Independent of
// the live logs.

const workflow = /** @type {HTMLSelectElement} */ (document.getElementById("workflow"));
/** @type {NodeListOf<HTMLTableSectionElement>} */
const runs = document.querySelectorAll("#logs tbody");

function show() {
  const selected = workflow.value.split(",");
  for (const rows of runs) rows.hidden = !selected.includes(rows.dataset.workflow ?? "");
}

workflow.addEventListener("change", show);
// The browser may have restored the selection of the last visit.
show();
