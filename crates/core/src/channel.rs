//! The grammar of channel names, `logs:{service}:{workspace}[:{resource}]`, for all of the Rust
//! code. The npm package's JavaScript checks names by the same rules before the module is loaded
//! (`www/package/internal/channel.js`).

use std::error::Error;
use std::fmt;
use std::str::FromStr;

use logs_sse_wire::json::quoted;

/// The name of a channel: all logs of one resource, or of a whole service in a workspace.
///
/// # Examples
/// ```
/// use logs_sse_core::channel::ChannelName;
///
/// let name: ChannelName = "logs:etl:workspace123:workflow456".parse()?;
/// assert_eq!(name.workspace().as_str(), "workspace123");
/// assert_eq!(name.to_string(), "logs:etl:workspace123:workflow456");
/// # Ok::<(), logs_sse_core::channel::ChannelError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChannelName {
    service: Id,
    workspace: Id,
    resource: Option<Id>,
}

impl ChannelName {
    /// Creates the name of the channel of `resource`, or of the whole service if there is none.
    #[must_use]
    pub fn new(service: Id, workspace: Id, resource: Option<Id>) -> Self {
        Self { service, workspace, resource }
    }

    /// Returns the service, such as `etl`.
    #[must_use]
    pub fn service(&self) -> &Id {
        &self.service
    }

    /// Returns the workspace id.
    #[must_use]
    pub fn workspace(&self) -> &Id {
        &self.workspace
    }

    /// Returns the id of the workflow or function, or `None` for a whole service.
    #[must_use]
    pub fn resource(&self) -> Option<&Id> {
        self.resource.as_ref()
    }
}

impl FromStr for ChannelName {
    type Err = ChannelError;

    /// Parses a name.
    ///
    /// # Errors
    ///
    /// Returns an error if the text does not start with `logs:`, does not have three or four parts,
    /// or has a part that is not a valid [`Id`].
    fn from_str(text: &str) -> Result<Self, ChannelError> {
        let shape = || ChannelError { field: "channel", text: text.into(), fault: Fault::Shape };
        let mut parts = text.strip_prefix("logs:").ok_or_else(shape)?.split(':');
        let service = Id::parse("service", parts.next().ok_or_else(shape)?)?;
        let workspace = Id::parse("workspace id", parts.next().ok_or_else(shape)?)?;
        let resource = parts.next().map(|id| Id::parse("resource id", id)).transpose()?;
        match parts.next() {
            None => Ok(Self::new(service, workspace, resource)),
            Some(_) => Err(shape()),
        }
    }
}

impl fmt::Display for ChannelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "logs:{}:{}", self.service, self.workspace)?;
        self.resource.as_ref().map_or(Ok(()), |id| write!(f, ":{id}"))
    }
}

/// Returns the workflow or function of a channel by its name, otherwise the name.
pub(crate) fn resource_of(name: &str) -> &str {
    name.splitn(4, ':').nth(3).unwrap_or(name)
}

/// One part of a channel name: a service, a workspace id, a workflow or function id.
///
/// An id contains nothing that could break out of a channel name or a list of them, so it needs no
/// further checks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(Box<str>);

impl Id {
    /// The maximum length of an id in bytes.
    pub const MAX_BYTES: usize = 128;

    /// Checks `text`. `field` is the caller's name for it, which errors mention.
    ///
    /// # Errors
    ///
    /// Returns an error if the text is empty, longer than [`Id::MAX_BYTES`], starts or ends with a
    /// space, has no letter or digit (such as `*` and `..`), or contains `:`, `,`, a control
    /// character or an invisible one.
    pub fn parse(field: &'static str, text: &str) -> Result<Self, ChannelError> {
        let fault = if text.is_empty() {
            Some(Fault::Empty)
        } else if text.len() > Self::MAX_BYTES {
            Some(Fault::TooLong)
        } else if let Some((at, found)) = text.char_indices().find(|&(_, c)| breaks_out(c)) {
            Some(Fault::Forbidden { found, at })
        } else if text.starts_with(' ') || text.ends_with(' ') {
            // Lists of channels and HTTP headers are trimmed in transit, which would turn the id
            // into another one.
            Some(Fault::Padded)
        } else if !text.bytes().any(|byte| byte.is_ascii_alphanumeric() || !byte.is_ascii()) {
            Some(Fault::Wordless)
        } else {
            None
        };
        fault.map_or_else(
            || Ok(Self(text.into())),
            |fault| Err(ChannelError { field, text: text.into(), fault }),
        )
    }

    /// Returns the id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a text is not a channel name or an id: which field, what was received, what was expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelError {
    field: &'static str,
    text: Box<str>,
    fault: Fault,
}

impl ChannelError {
    /// Returns the invalid field, by the name the caller gave it.
    #[must_use]
    pub fn field(&self) -> &'static str {
        self.field
    }

    /// Returns whether the field was simply not filled in, as in a page that is still loading,
    /// rather than invalid.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fault == Fault::Empty
    }
}

impl fmt::Display for ChannelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { field, text, fault } = self;
        let shown = Shortened(text);
        match fault {
            Fault::Empty => write!(f, "{field} is empty: expected 1 to {} bytes", Id::MAX_BYTES),
            Fault::TooLong => write!(
                f,
                "{field} {shown} has {} bytes: expected at most {}",
                text.len(),
                Id::MAX_BYTES
            ),
            Fault::Forbidden { found, at } => {
                // Not `Debug`, here and below: it includes Unicode tables, which every page would
                // download.
                let found = if found.is_ascii_punctuation() {
                    format!("'{found}'")
                } else {
                    format!("U+{:04X}", u32::from(*found))
                };
                write!(
                    f,
                    "{field} {shown} contains {found} at byte {at}: ids may not contain ':', ',', control or invisible characters"
                )
            }
            Fault::Padded => write!(f, "{field} {shown} starts or ends with a space"),
            Fault::Wordless => write!(f, "{field} {shown} contains neither a letter nor a digit"),
            Fault::Shape => write!(
                f,
                "{field} {shown} is not logs:{{service}}:{{workspace}} or logs:{{service}}:{{workspace}}:{{resource}}"
            ),
        }
    }
}

impl Error for ChannelError {}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Fault {
    Empty,
    TooLong,
    Forbidden { found: char, at: usize },
    Padded,
    Wordless,
    Shape,
}

/// ':' ends a part, ',' ends a name in a list of channels, and control characters end lines and
/// headers. An invisible character makes two channels look the same.
fn breaks_out(c: char) -> bool {
    matches!(c, ':' | ',') || is_hidden(c)
}

/// Returns whether `c` is invisible, reorders the text around it, or stands for bytes that were not
/// text.
///
/// These are control characters, those that Unicode calls format characters or ignorable by
/// default, its line separators, and every space except the ordinary one. U+FFFD is what decoders
/// turn invalid bytes into, so different bytes would become the same id.
#[must_use]
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(
            u32::from(c),
            0xa0 | 0xad | 0x34f | 0x600..=0x605 | 0x61c | 0x6dd | 0x70f | 0x890..=0x891 | 0x8e2
                | 0x115f..=0x1160 | 0x1680 | 0x17b4..=0x17b5 | 0x180b..=0x180f
                | 0x2000..=0x200f | 0x2028..=0x202f | 0x205f..=0x206f | 0x2800
                | 0x3000 | 0x3164 | 0xfe00..=0xfe0f | 0xfeff | 0xffa0 | 0xfff0..=0xffff
                | 0x110bd | 0x110cd | 0x13430..=0x1343f | 0x1bca0..=0x1bca3 | 0x1d173..=0x1d17a
                | 0xe0000..=0xe0fff
        )
}

/// A hostile text in an error message: quoted, escaped, and no longer than a line. Invisible
/// characters are shown as U+FFFD.
struct Shortened<'a>(&'a str);

impl fmt::Display for Shortened<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut chars = self.0.chars();
        let visible =
            |c: char| if is_hidden(c) && !c.is_ascii() { char::REPLACEMENT_CHARACTER } else { c };
        let head: String = chars.by_ref().take(40).map(visible).collect();
        write!(f, "{}{}", quoted(&head), if chars.next().is_some() { "…" } else { "" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_and_formats_the_names_in_use() {
        for name in [
            "logs:etl:workspace123:workflow456",
            "logs:etl:prod_workspace:etl_job_789",
            "logs:function:workspace123:function456",
            "logs:etl:workspace123",
        ] {
            assert_eq!(name.parse::<ChannelName>().expect(name).to_string(), name);
        }
    }

    #[test]
    fn rejects_invalid_names() {
        for text in [
            "",
            "logs",
            "logs:",
            "logs:etl",
            "log:etl:a:b",
            "logs:etl:a:b:c",
            "logs::a:b",
            "logs:etl:a:",
        ] {
            assert!(text.parse::<ChannelName>().is_err(), "{text:?} was accepted");
        }
    }

    #[test]
    fn rejects_ids_that_break_out_and_names_them() {
        let errors = ["a:b", "a,b", "a\nb", "a\u{0}", "a\u{85}"]
            .map(|id| Id::parse("workflow_id", id).expect_err(id).to_string());
        for error in errors {
            assert!(error.starts_with("workflow_id \"a"), "{error}");
            assert!(error.contains("at byte 1"), "{error}");
        }
    }

    #[test]
    fn rejects_ids_that_look_the_same() {
        let bidi = ["\u{202e}", "\u{2066}", "\u{200f}", "\u{61c}"];
        let blank = [
            "\u{200b}",
            "\u{feff}",
            "\u{ad}",
            "\u{a0}",
            "\u{3000}",
            "\u{2028}",
            "\u{3164}",
            "\u{e0041}",
            "\u{fe0f}",
        ];
        for hidden in bidi.iter().chain(&blank).chain(&["\u{fffd}"]) {
            for id in [format!("a{hidden}b"), (*hidden).to_owned()] {
                let error = Id::parse("workflow_id", &id).expect_err(&id).to_string();
                assert!(
                    error.contains("contains U+")
                        && !(error.contains(hidden) && *hidden != "\u{fffd}"),
                    "{error:?}"
                );
            }
        }
    }

    #[test]
    fn rejects_ids_that_are_trimmed_in_transit_or_name_nothing() {
        for (id, expected) in [
            (" ", "space"),
            (" a", "space"),
            ("a ", "space"),
            ("*", "neither a letter"),
            ("..", "neither a letter"),
            ("../..", "neither a letter"),
        ] {
            let error = Id::parse("workflow_id", id).expect_err(id).to_string();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn counts_bytes_not_characters() {
        assert!(Id::parse("id", &"a".repeat(128)).is_ok());
        let error = Id::parse("id", &"é".repeat(65)).expect_err("130 bytes");
        assert!(error.to_string().contains("has 130 bytes: expected at most 128"), "{error}");
    }

    #[test]
    fn an_error_about_a_long_id_is_short() {
        let error = Id::parse("workspace_id", &"x".repeat(1_000_000)).expect_err("too long");
        assert!(error.to_string().len() < 160, "{error}");
    }

    #[test]
    fn accepts_ids_that_only_look_unusual() {
        for id in ["a b", "über/../x?y=1&z", "100%", "<script>", "tenant*1", "日本", "🙂"] {
            assert_eq!(Id::parse("id", id).expect(id).as_str(), id);
        }
    }
}
