// Lines without a view: two workflows over one connection to a gateway.
import { openLogs } from "@datashop/logs-sse-client/headless";

const logs = openLogs({
  gatewayUrl: "",
  channels: ["logs:etl:workspace123:workflow456", "logs:etl:prod_workspace:etl_job_789"],
  autoConnect: true,
});

for await (const row of logs) {
  const line = document.createElement("li");
  line.textContent =
    "notice" in row ? `-- ${row.text} --` : `${row.channel} ${row.level} ${row.message}`;
  document.getElementById("lines").prepend(line);
}
