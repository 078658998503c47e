// The page's own part: shows the logs of earlier runs of the chosen workflow. Knows nothing of live logs.

const workflow = document.getElementById("workflow");

function show() {
  for (const rows of document.querySelectorAll("#logs tbody"))
    rows.hidden = rows.dataset.workflow !== workflow.value;
}

workflow.addEventListener("change", show);
// A browser may restore the choice of the last visit.
show();
