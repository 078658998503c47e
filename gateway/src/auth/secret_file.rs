//! Reads a secret from a file that holds nothing else.

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
        let mut bytes = std::fs::read(path).map_err(|error| format!("{place}: {error}"))?;
        while bytes.last().is_some_and(|byte| matches!(byte, b'\n' | b'\r')) {
            bytes.pop();
        }
        if bytes.len() < MIN_BYTES {
            return Err(format!(
                "{place}: the secret has {} bytes: expected at least {MIN_BYTES}, such as those of openssl rand -hex 32",
                bytes.len()
            ));
        }
        Ok(Self(bytes))
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

/// The size of a key of HMAC-SHA256. A shorter one can be guessed from a single signed token.
const MIN_BYTES: usize = 32;
