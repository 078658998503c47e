//! Traces of OpenTelemetry: a span for each publish and each stream that opens, exported by OTLP
//! over HTTP. Off by default.
//!
//! Spans wait in a bounded queue of the SDK, and a thread of its own exports them, so that a
//! collector that is slow or gone costs spans, but neither time nor memory.

mod client;
pub(crate) mod traceparent;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use opentelemetry::trace::{
    Span as _, SpanKind, Status, TraceContextExt as _, Tracer as _, TracerProvider as _,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{Sampler, SdkTracer, SdkTracerProvider, Span};
use tokio::runtime::Handle;

use crate::http::base_url::BaseUrl;
use crate::traces::client::Client;
use crate::traces::traceparent::TraceParent;

/// The exporter of traces, or nothing if it is off.
#[derive(Clone, Debug, Default)]
pub struct Traces(Option<Arc<Exporter>>);

struct Exporter {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
    outcomes: Arc<Outcomes>,
}

/// Counters of requests to the collector.
#[derive(Debug, Default)]
pub(crate) struct Outcomes {
    pub(crate) success: AtomicU64,
    pub(crate) failure: AtomicU64,
}

impl Traces {
    /// Exports to the collector at `endpoint`, to which `/v1/traces` is appended. A request whose
    /// publisher decided about its trace is exported as it decided; of the others, the share
    /// `ratio`.
    ///
    /// # Errors
    /// A sentence, if the client cannot be made.
    pub fn export_to(endpoint: &BaseUrl, ratio: f64, runtime: Handle) -> Result<Self, String> {
        let outcomes = Arc::new(Outcomes::default());
        let client = Client::new(runtime, Arc::clone(&outcomes))?;
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(client)
            .with_endpoint(endpoint.join("/v1/traces"))
            .with_timeout(EXPORT_TIME)
            .build()
            .map_err(|error| format!("--otlp-endpoint: {error}"))?;
        let service = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
        let name = env!("CARGO_PKG_NAME");
        let resource = Resource::builder().with_service_name(name).with_attribute(service).build();
        let sampler = Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(ratio)));
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_sampler(sampler)
            .with_resource(resource)
            .build();
        let tracer = provider.tracer(name);
        Ok(Self(Some(Arc::new(Exporter { provider, tracer, outcomes }))))
    }

    /// Exports what waits. Takes at most `CLOSE_TIME`, and blocks the thread meanwhile.
    pub fn close(&self) {
        if let Some(exporter) = &self.0 {
            // An error means that the collector did not answer in time.
            let _ = exporter.provider.shutdown_with_timeout(CLOSE_TIME);
        }
    }

    /// Returns how many requests to the collector succeeded, and how many failed.
    pub(crate) fn exports(&self) -> (u64, u64) {
        self.0.as_ref().map_or((0, 0), |exporter| {
            let Outcomes { success, failure } = &*exporter.outcomes;
            (success.load(Ordering::Relaxed), failure.load(Ordering::Relaxed))
        })
    }

    pub(crate) fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// Starts a span, or none while traces are off.
    pub(crate) fn start(&self, name: &'static str, parent: Option<TraceParent>) -> Traced {
        let Some(exporter) = &self.0 else { return Traced { span: None, parent } };
        let context = match parent {
            Some(parent) => Context::new().with_remote_span_context(parent.as_parent()),
            None => Context::new(),
        };
        let builder = exporter.tracer.span_builder(name).with_kind(SpanKind::Server);
        let span = exporter.tracer.build_with_context(builder, &context);
        Traced { span: Some(span), parent }
    }
}

/// A request that may have a span.
pub(crate) struct Traced {
    span: Option<Span>,
    parent: Option<TraceParent>,
}

impl Traced {
    /// Returns the position for what follows from the request: that of its span, or of its parent
    /// if it has no span. A request without a parent has a position only if its span is exported.
    pub(crate) fn position(&self) -> Option<TraceParent> {
        let context = self.span.as_ref().map(|span| span.span_context());
        context
            .filter(|context| context.is_sampled())
            .and_then(TraceParent::of_span)
            .or(self.parent)
    }

    /// Ends the span of a request to `route`.
    pub(crate) fn end(self, route: &'static str, status: u16) {
        let Some(mut span) = self.span else { return };
        if status >= 500 {
            span.set_status(Status::error(""));
        }
        span.set_attribute(KeyValue::new("http.route", route));
        span.set_attribute(KeyValue::new("http.response.status_code", i64::from(status)));
        span.end();
    }
}

impl fmt::Debug for Exporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exporter").field("outcomes", &self.outcomes).finish_non_exhaustive()
    }
}

/// How long one request to the collector may take, with its retries.
const EXPORT_TIME: Duration = Duration::from_secs(5);

/// How long the end of the process waits for the collector.
const CLOSE_TIME: Duration = Duration::from_secs(2);
