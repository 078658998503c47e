//! Parameters of a stream that arrive inside a resource id, behind a proxy that passes only ids.
//!
//! `workflow456:tail=100` is the id `workflow456` and the parameter `tail`. No id contains a colon,
//! so the form is unambiguous.

use crate::http::rejection::Rejection;
use logs_sse_wire::protocol::parameter;

/// The optional parameters of a stream, which a resource id can carry.
pub(crate) const OPTIONAL: [&str; 3] =
    [parameter::LAST_EVENT_ID, parameter::BATCH, parameter::TAIL];

/// The parameters that the ids of one request carried, each once at most.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Carried(Vec<(&'static str, String)>);

impl Carried {
    /// Splits the parameters off a channel name, and returns the name. `field` is the query
    /// parameter that contains it, which errors mention.
    ///
    /// # Errors
    /// 400 when a part after the resource id is not a parameter, or its parameter is repeated.
    pub(crate) fn split_channel<'a>(
        &mut self,
        field: &'static str,
        text: &'a str,
    ) -> Result<&'a str, Rejection> {
        self.split(field, text, COLONS_OF_A_CHANNEL)
    }

    /// Splits the parameters off a resource id, and returns the id.
    ///
    /// # Errors
    /// As [`split_channel`](Self::split_channel).
    pub(crate) fn split_id<'a>(
        &mut self,
        field: &'static str,
        text: &'a str,
    ) -> Result<&'a str, Rejection> {
        self.split(field, text, 0)
    }

    /// Returns the value of a parameter, if it was carried.
    pub(crate) fn find(&self, wanted: &str) -> Option<&str> {
        self.0.iter().find(|(name, _)| *name == wanted).map(|(_, value)| &**value)
    }

    /// Returns whether no parameter was carried.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Splits off what follows the first `colons` colons and one more.
    fn split<'a>(
        &mut self,
        field: &'static str,
        text: &'a str,
        colons: usize,
    ) -> Result<&'a str, Rejection> {
        let Some((at, _)) = text.match_indices(':').nth(colons) else { return Ok(text) };
        text[at + 1..].split(':').try_for_each(|part| self.add(field, part))?;
        Ok(&text[..at])
    }

    fn add(&mut self, field: &'static str, part: &str) -> Result<(), Rejection> {
        let parameter = part.split_once('=').and_then(|(name, value)| {
            OPTIONAL.into_iter().find(|known| *known == name).map(|name| (name, value))
        });
        let Some((name, value)) = parameter else {
            let came: String = part.chars().take(40).collect();
            return Err(Rejection::bad_request(format!(
                "{field} has {came:?} after a resource id: ids may not contain ':', and only last_event_id=…, batch=… or tail=… may follow one"
            )));
        };
        if self.find(name).is_some() {
            return Err(Rejection::bad_request(format!(
                "{field} has {name} more than once after resource ids: expected it once in a request"
            )));
        }
        self.0.push((name, value.to_owned()));
        Ok(())
    }
}

/// The colons in `logs:{service}:{workspace}:{resource}`.
const COLONS_OF_A_CHANNEL: usize = 3;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn splits_parameters_off_a_channel_and_an_id() {
        let mut carried = Carried::default();
        let text = "logs:etl:a:b:last_event_id=1.k3x09a.76-_:batch=1";
        assert_eq!(carried.split_channel("channels", text), Ok("logs:etl:a:b"));
        assert_eq!(carried.split_channel("channels", "logs:etl:a:c"), Ok("logs:etl:a:c"));
        assert_eq!(carried.split_id("workflow_id", "b:tail=7"), Ok("b"));
        let found = OPTIONAL.map(|name| carried.find(name));
        assert_eq!(found, [Some("1.k3x09a.76-_"), Some("1"), Some("7")]);
    }

    #[test]
    fn an_id_that_looks_like_a_parameter_is_an_id() {
        let mut carried = Carried::default();
        for (text, id) in [("tail=5", "tail=5"), ("tail=5:batch=1", "tail=5")] {
            assert_eq!(carried.split_id("workflow_id", text), Ok(id));
        }
        let whole = "logs:etl:a:tail=5";
        assert_eq!(carried.split_channel("channels", whole), Ok(whole));
        assert_eq!(carried.find(parameter::TAIL), None);
    }

    #[test]
    fn rejects_other_parts_and_repeats() {
        for text in
            ["b:", "b:c", "b:=1", "b:tail", "b:Tail=1", "b: tail=1", "b:tail=1:", "b::tail=1"]
        {
            let rejection = Carried::default().split_id("workflow_id", text).expect_err(text);
            assert!(
                format!("{rejection:?}").contains("error: \"workflow_id has "),
                "{rejection:?}"
            );
        }
        let mut carried = Carried::default();
        carried.split_channel("channels", "logs:etl:a:b:tail=1").expect("the first");
        let rejection =
            carried.split_channel("channels", "logs:etl:a:c:tail=1").expect_err("again");
        assert!(format!("{rejection:?}").contains("tail more than once"), "{rejection:?}");
    }

    proptest! {
        #[test]
        fn any_text_is_split_or_rejected(text in "\\PC{0,40}", parts in 0_usize..4) {
            let text = format!("{text}{}", ":tail=1".repeat(parts));
            if let Ok(id) = Carried::default().split_id("workflow_id", &text) {
                prop_assert!(!id.contains(':') && text.starts_with(id));
            }
        }
    }
}
