//! The map is true: the walls between the rooms stand, and each room says what it is for.

#![cfg(not(target_arch = "wasm32"))]

use std::fs;
use std::path::{Path, PathBuf};

/// All Rust files below `folder`, with their text.
fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in
            fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        {
            let path = entry.expect("a readable folder").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|kind| kind == "rs") {
                let text = fs::read_to_string(&path).expect("a readable file");
                found.push((path, text));
            }
        }
    }
    assert!(!found.is_empty(), "no Rust file in {folder}: has it moved?");
    found
}

/// A file without its comments, which may speak of what the code must not do.
fn code(text: &str) -> String {
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// Fails for each file of `folder` whose code holds one of `words`.
fn forbid(folder: &str, words: &[&str], because: &str) {
    let found: Vec<_> = sources(folder)
        .iter()
        .flat_map(|(path, text)| {
            let code = code(text);
            words
                .iter()
                .filter(move |word| code.contains(**word))
                .map(move |word| format!("{} holds {word:?}", path.display()))
        })
        .collect();
    assert!(found.is_empty(), "{because}:\n{}", found.join("\n"));
}

#[test]
fn core_knows_no_browser_no_clock_and_no_chance() {
    let browser =
        ["web_sys", "js_sys", "wasm_bindgen", "leptos", "gloo_", "crate::browser", "crate::ui"];
    for folder in ["crates/wire/src", "crates/core/src", "crates/linear-regex/src"] {
        forbid(folder, &browser, "the core is pure");
        forbid(
            folder,
            &["std::time::Instant", "time::{Instant", "SystemTime", "Rng::new()"],
            "time and chance are handed in",
        );
    }
}

#[test]
fn the_browser_room_shows_nothing() {
    forbid("src/browser", &["leptos", "crate::ui"], "views belong in ui");
}

#[test]
fn core_and_gateway_stand_without_a_browser() {
    for manifest in [
        "crates/wire/Cargo.toml",
        "crates/core/Cargo.toml",
        "crates/linear-regex/Cargo.toml",
        "gateway/Cargo.toml",
    ] {
        let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(manifest))
            .expect(manifest);
        let browser = ["logs-sse-client", "web-sys", "js-sys", "wasm-bindgen", "leptos", "gloo-"];
        assert!(
            browser.iter().all(|name| !text.contains(name)),
            "{manifest}: the compiler keeps this wall only without those crates"
        );
    }
}

#[test]
fn what_is_opened_is_owned() {
    for folder in ["src", "crates", "gateway/src"] {
        forbid(
            folder,
            &[".forget()", "mem::forget", "Box::leak", "into_js_value"],
            "whatever is opened is closed by its owner's drop",
        );
    }
}

#[test]
fn views_keep_a_strict_content_security_policy() {
    // A style attribute is blocked by style-src 'self', and innerHTML by Trusted Types.
    forbid(
        "src/ui",
        &["style=", "inner_html", "set_inner_html"],
        "views use style:property= and text nodes",
    );
    for (path, text) in sources("src/ui") {
        let code = code(&text);
        let views = code.matches("view! {").count();
        let with_class = code.matches("view! { class=\"dsl\",").count();
        assert_eq!(
            views,
            with_class,
            "{}: each view! begins with class=\"dsl\", without which Leptos uses innerHTML",
            path.display()
        );
    }
}

#[test]
fn every_file_says_what_it_is_for() {
    for folder in ["src", "crates", "tests", "gateway/src", "gateway/tests"] {
        for (path, text) in sources(folder) {
            assert!(text.starts_with("//! "), "{} does not open with //!", path.display());
        }
    }
}

#[test]
fn no_file_grows_into_a_place_where_everything_meets() {
    for folder in ["src", "crates", "tests", "gateway/src", "gateway/tests"] {
        for (path, text) in sources(folder) {
            let lines = text.lines().count();
            assert!(lines <= 450, "{} has {lines} lines: split it", path.display());
        }
    }
}

/// Returns the text of a file of the repository.
fn read(file: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file))
        .unwrap_or_else(|error| panic!("{file}: {error}"))
}

#[test]
fn code_in_documents_is_the_code_that_is_tested() {
    let mut files = 0;
    for document in ["README.md", "docs/integration.md"] {
        let text = read(document);
        for part in text.split("<!-- examples/").skip(1) {
            let (file, rest) = part.split_once(" -->\n```js\n").expect("a block of code follows");
            let (code, _) = rest.split_once("```").expect("the block ends");
            assert_eq!(
                code,
                read(&format!("examples/{file}")),
                "{document} and examples/{file} differ: copy the one into the other"
            );
            files += 1;
        }
    }
    assert!(
        files >= 4,
        "the documents show {files} examples: has the mark <!-- examples/… --> changed?"
    );
}

#[test]
fn the_migration_guide_shows_the_diff_of_the_tested_page() {
    let guide = read("docs/migration.md");
    let migration = guide
        .split("<!-- tests/hosts/datashop -->")
        .nth(1)
        .and_then(|part| part.split("```").nth(1))
        .expect("the diff follows its mark");
    let (before, after) = (
        ["LogsPage.js", "main.js"]
            .map(|file| read(&format!("tests/hosts/datashop/before/{file}")))
            .concat(),
        ["LogsPage.js", "main.js"]
            .map(|file| read(&format!("tests/hosts/datashop/after/{file}")))
            .concat(),
    );
    for line in migration.lines() {
        match line.split_at_checked(1) {
            Some(("-", line)) => assert!(
                before.contains(line) && !after.contains(line),
                "docs/migration.md: -{line}"
            ),
            Some(("+", line)) => assert!(
                after.contains(line) && !before.contains(line),
                "docs/migration.md: +{line}"
            ),
            _ => {}
        }
    }
}
