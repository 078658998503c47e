//! A proxy between page and gateway, which may drop or refuse the parameters of a stream.

use super::model::Params;

/// What a proxy does to the parameters of a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Proxy {
    /// It forwards them as they are.
    #[default]
    Forwards,
    /// It drops the query, and forwards the ids as they are.
    DropsQuery,
    /// It drops the query, and responds with 400 to an id with parameters.
    RefusesCarrier,
    /// It drops the query, and answers an id with parameters with 200 and an empty stream, as if
    /// the gateway had refused it.
    HidesRefusal,
}

impl Proxy {
    pub const ALL: [Self; 4] =
        [Self::Forwards, Self::DropsQuery, Self::RefusesCarrier, Self::HidesRefusal];

    /// Returns the parameters that pass, or `None` if the request is refused.
    pub fn pass(self, url: &str) -> Option<Params> {
        let has_carrier = url.contains("workflow456%3A");
        match self {
            Self::RefusesCarrier | Self::HidesRefusal if has_carrier => None,
            Self::Forwards => Some(Params::read(url)),
            _ if has_carrier => Some(Params::read(url)),
            _ => Some(Params::default()),
        }
    }
}
