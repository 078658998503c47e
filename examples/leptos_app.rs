//! `<LiveLogs>` in your own Leptos page: the workflow is a signal, and the logs follow it.

use leptos::prelude::*;
use logs_sse_client::ui::LiveLogs;

fn main() {
    leptos::mount::mount_to_body(|| {
        let (workflow, choose) = signal("workflow456".to_owned());
        view! {
            <button on:click=move |_| choose.set("workflow789".into())>"Next workflow"</button>
            <LiveLogs workspace_id="workspace123" workflow_id=workflow auto_connect=true capacity=50_000_usize/>
        }
    });
}
