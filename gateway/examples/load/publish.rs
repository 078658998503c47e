//! Publishes as fast as logs are confirmed: one log per request, or batches.

use std::cell::Cell;
use std::rc::Rc;

use serde_json::{Value, json};
use tokio::task::LocalSet;
use tokio::time::Instant;

use crate::connection::Connection;
use crate::{Target, Watched};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    watched: Watched,
    /// Connections that publish at the same time.
    #[arg(long, default_value_t = 32)]
    connections: usize,
    /// How many logs are published.
    #[arg(long, default_value_t = 200_000)]
    logs: u64,
    /// Logs in each request, as NDJSON if there are several.
    #[arg(long, default_value_t = 1)]
    batch: u64,
}

/// Returns the logs per second, and the processor time of the gateway for each.
pub(crate) async fn run(args: &Args) -> Value {
    let request = request(args);
    let left = Rc::new(Cell::new(args.logs.div_ceil(args.batch)));
    let (start, cpu) = (Instant::now(), args.watched.cpu_micros());
    let tasks = LocalSet::new();
    for _ in 0..args.connections {
        let (address, request) = (args.target.gateway.clone(), request.clone());
        let left = Rc::clone(&left);
        tasks.spawn_local(async move {
            let mut connection = Connection::open(&address).await;
            while let Some(rest) = left.get().checked_sub(1) {
                left.set(rest);
                let status = connection.exchange(&request).await;
                assert!((200..=202).contains(&status), "a log was refused with {status}");
            }
        });
    }
    tasks.await;
    let seconds = start.elapsed().as_secs_f64();
    let cpu = args.watched.cpu_micros() - cpu;
    let logs = args.logs.div_ceil(args.batch) * args.batch;
    json!({
        "logs": logs,
        "perSecond": logs as f64 / seconds,
        "cpuPerLog": cpu as f64 / logs as f64,
    })
}

fn request(args: &Args) -> String {
    let logs: Vec<_> = (0..args.batch).map(|number| args.target.log(number, 0)).collect();
    let content_type = if args.batch > 1 { "application/x-ndjson" } else { "application/json" };
    args.target.publish_request(content_type, &logs.join("\n"))
}
