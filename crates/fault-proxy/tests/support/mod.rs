//! A fault proxy on a socket of its own.

#![allow(dead_code, unreachable_pub, reason = "each test file uses its own part")]

use logs_fault_proxy::FaultProxy;
use logs_test_support::{Answer, Wire};
use tokio::net::TcpListener;
use tokio::task::AbortHandle;

/// A path to which the steps of a plan apply.
pub const STREAM: &str = "/logs/stream?channels=a";

/// A proxy that ends with the test.
pub struct Proxy {
    pub url: String,
    task: AbortHandle,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Proxy {
    pub async fn before(upstream: &str, plan: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let proxy =
            FaultProxy::new(upstream.parse().expect("a URL"), plan.parse().expect("a plan"));
        Self { url, task: tokio::spawn(proxy.serve(listener)).abort_handle() }
    }

    /// Sends a GET for `path`.
    pub async fn open(&self, path: &str) -> Wire {
        Wire::get(&self.url, path).await
    }

    pub async fn send(&self, request: &[u8]) -> Wire {
        Wire::send(&self.url, request).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        Answer::get(&self.url, path).await
    }

    pub async fn post(&self, path: &str, body: impl AsRef<[u8]>) -> Answer {
        Answer::post(&self.url, path, body).await
    }

    /// Returns how many streams there were, are open and were cut.
    pub async fn stats(&self) -> (u64, u64, u64) {
        let stats = self.get("/faults/stats").await.json();
        let count =
            |name: &str| stats[name].as_u64().unwrap_or_else(|| panic!("no {name} in {stats}"));
        (count("streams"), count("open"), count("cut"))
    }
}
