// The worker of bare-worker.js: posts "ready" at the greeting, and the number of lines at the end.

addEventListener("message", ({ data: url }) => {
  const source = new EventSource(url);
  let lines = -1;
  source.onmessage = () => {
    lines += 1;
    if (lines === 0) postMessage("ready");
  };
  source.addEventListener("end", () => {
    source.close();
    postMessage(lines);
  });
});
