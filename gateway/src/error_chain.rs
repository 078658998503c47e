//! The text of an error with its causes.

/// Returns an error with its causes: reqwest's own text leaves out the one that matters, such as
/// "connection refused".
pub(crate) fn error_chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
