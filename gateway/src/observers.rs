//! What watches a gateway besides its metrics: the audit log, traces, and the checks of readiness.

use std::sync::Arc;

use crate::audit::Audit;
use crate::canary::Canary;
use crate::readiness::Readiness;
use crate::traces::Traces;

/// The observers of a gateway. By default, none of them does anything.
#[derive(Clone, Debug, Default)]
pub struct Observers {
    /// Who read what, and who was refused.
    pub audit: Audit,
    /// The exporter of traces.
    pub traces: Traces,
    /// What is known about the delivery of the gateway's own logs.
    pub canary: Arc<Canary>,
    /// What makes this process unfit to accept readers.
    pub readiness: Arc<Readiness>,
}
