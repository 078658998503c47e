//! A file that is removed with the test.

#![allow(dead_code, unreachable_pub, reason = "each test file uses its own part")]

use std::fs;
use std::path::PathBuf;

pub struct File(PathBuf);

impl File {
    pub fn new(name: &str, text: &str) -> Self {
        let name = format!("logs-gateway-{}-{name}.toml", std::process::id());
        let file = Self(std::env::temp_dir().join(name));
        file.write(text);
        file
    }

    /// Replaces the text at once, so that no reader sees half of it.
    pub fn write(&self, text: &str) {
        let draft = self.0.with_extension("new");
        fs::write(&draft, text).expect("a temporary file");
        fs::rename(&draft, &self.0).expect("the same folder");
    }

    pub fn path(&self) -> &str {
        self.0.to_str().expect("a path")
    }
}

impl Drop for File {
    fn drop(&mut self) {
        // An error means that it is gone already.
        let _ = fs::remove_file(&self.0);
    }
}
