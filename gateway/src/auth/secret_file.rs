//! Reads secrets from a file that holds nothing else.

use std::fmt;
use std::path::Path;

/// A secret, which is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// Reads the secret of `flag`. A line end at the end of the file does not belong to it.
    ///
    /// # Errors
    /// A sentence that names the flag and the file, but repeats nothing of its content.
    pub fn read(flag: &str, path: &Path) -> Result<Self, String> {
        let place = format!("{flag} {}", path.display());
        let bytes = std::fs::read(path).map_err(|error| format!("{place}: {error}"))?;
        let end = bytes.iter().rposition(|byte| !matches!(byte, b'\n' | b'\r'));
        Self::check(&place, &bytes[..end.map_or(0, |last| last + 1)])
    }

    /// Reads the secrets of `flag`, one in each line. Several are valid at a time while the old one is
    /// being replaced.
    ///
    /// # Errors
    /// A sentence that names the flag, the file and the line, but repeats nothing of its content.
    pub fn read_lines(flag: &str, path: &Path) -> Result<Vec<Self>, String> {
        let place = format!("{flag} {}", path.display());
        let bytes = std::fs::read(path).map_err(|error| format!("{place}: {error}"))?;
        let lines = bytes.split(|byte| *byte == b'\n').map(|line| line.trim_ascii_end());
        let lines = lines.enumerate().filter(|(_, line)| !line.is_empty());
        let secrets: Vec<_> = lines
            .map(|(index, line)| Self::check(&format!("{place}:{}", index + 1), line))
            .collect::<Result<_, _>>()?;
        match secrets.len() {
            1..=MAX_SECRETS => Ok(secrets),
            count => Err(format!("{place}: {count} secrets: expected 1 to {MAX_SECRETS}")),
        }
    }

    fn check(place: &str, bytes: &[u8]) -> Result<Self, String> {
        if bytes.len() < MIN_BYTES {
            return Err(format!(
                "{place}: the secret has {} bytes: expected at least {MIN_BYTES}, such as those of openssl rand -hex 32",
                bytes.len()
            ));
        }
        Ok(Self(bytes.into()))
    }

    /// Returns the bytes of the secret.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// An old one, a new one, and some patience.
const MAX_SECRETS: usize = 4;

/// The size of a key of HMAC-SHA256. A shorter one can be guessed from a single signed token.
const MIN_BYTES: usize = 32;
