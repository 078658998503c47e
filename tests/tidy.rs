//! Rules that no compiler checks: what each folder may depend on, how files and documents are
//! written, and that the documents match the tree.

#![cfg(not(target_arch = "wasm32"))]

use std::fs;
use std::path::{Path, PathBuf};

/// Where the Rust code is.
const RUST_FOLDERS: [&str; 8] = [
    "src",
    "crates",
    "tests",
    "examples",
    "fuzz/fuzz_targets",
    "gateway/src",
    "gateway/tests",
    "gateway/examples",
];

/// Returns the path of a file or folder of the repository.
fn repository(path: impl AsRef<Path>) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Returns all Rust files below `folder` with their text.
fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![repository(folder)];
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

/// Returns a file without its comments, which may mention what the code must not do.
fn code(text: &str) -> String {
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// Fails for each file of `folder` whose code contains one of `words`.
fn forbid(folder: &str, words: &[&str], because: &str) {
    let found: Vec<_> = sources(folder)
        .iter()
        .flat_map(|(path, text)| {
            let code = code(text);
            words
                .iter()
                .filter(move |word| code.contains(**word))
                .map(move |word| format!("{} contains {word:?}", path.display()))
        })
        .collect();
    assert!(found.is_empty(), "{because}:\n{}", found.join("\n"));
}

#[test]
fn the_core_uses_no_browser_clock_or_randomness() {
    let browser =
        ["web_sys", "js_sys", "wasm_bindgen", "leptos", "gloo_", "crate::browser", "crate::ui"];
    for folder in ["crates/wire/src", "crates/core/src", "crates/linear-regex/src"] {
        forbid(folder, &browser, "the core must run without a browser");
        forbid(
            folder,
            &["std::time::Instant", "time::{Instant", "SystemTime", "Rng::new()"],
            "time and randomness are arguments of the core",
        );
    }
}

#[test]
fn the_browser_folder_contains_no_views() {
    forbid("src/browser", &["leptos", "crate::ui"], "views belong in ui");
}

#[test]
fn core_and_gateway_depend_on_no_browser_crate() {
    for manifest in [
        "crates/wire/Cargo.toml",
        "crates/core/Cargo.toml",
        "crates/linear-regex/Cargo.toml",
        "gateway/Cargo.toml",
    ] {
        let text = read(manifest);
        let browser = ["logs-sse-client", "web-sys", "js-sys", "wasm-bindgen", "leptos", "gloo-"];
        assert!(
            browser.iter().all(|name| !text.contains(name)),
            "{manifest} must depend on none of {browser:?}"
        );
    }
}

#[test]
fn nothing_is_leaked_or_forgotten() {
    for folder in ["src", "crates", "gateway/src"] {
        forbid(
            folder,
            &[".forget()", "mem::forget", "Box::leak", "into_js_value"],
            "whatever is opened must be closed by its owner's `Drop`",
        );
    }
}

#[test]
fn views_comply_with_a_strict_content_security_policy() {
    // A style attribute is blocked by style-src 'self', and innerHTML by Trusted Types.
    forbid(
        "src/ui",
        &["style=", "inner_html", "set_inner_html"],
        "views must use style:property= and text nodes",
    );
    for (path, text) in sources("src/ui") {
        let code = code(&text);
        let views = code.matches("view! {").count();
        let with_class = code.matches("view! { class=\"dsl\",").count();
        assert_eq!(
            views,
            with_class,
            "{}: each view! must begin with class=\"dsl\", otherwise Leptos uses innerHTML",
            path.display()
        );
    }
}

#[test]
fn every_file_opens_with_its_purpose() {
    for folder in RUST_FOLDERS {
        for (path, text) in sources(folder) {
            assert!(text.starts_with("//! "), "{} does not open with //!", path.display());
        }
    }
}

#[test]
fn no_file_exceeds_450_lines() {
    for folder in RUST_FOLDERS {
        for (path, text) in sources(folder) {
            let lines = text.lines().count();
            assert!(lines <= 450, "{} has {lines} lines: split it", path.display());
        }
    }
}

/// Returns the text of a file of the repository.
fn read(file: &str) -> String {
    fs::read_to_string(repository(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

#[test]
fn code_in_documents_equals_the_tested_examples() {
    for (document, folder, least) in [
        ("README.md", "examples/", 3),
        ("docs/integration.md", "examples/", 1),
        ("docs/datashop.md", "tests/proxy/datashop/", 4),
    ] {
        let text = read(document);
        let mut files = 0;
        for part in text.split(&format!("<!-- {folder}")).skip(1) {
            let (file, rest) = part.split_once(" -->\n```js\n").expect("a block of code follows");
            let (code, _) = rest.split_once("```").expect("the block ends");
            assert_eq!(
                code,
                read(&format!("{folder}{file}")),
                "{document} and {folder}{file} differ: copy the one into the other"
            );
            files += 1;
        }
        assert!(
            files >= least,
            "{document} shows {files} files: has the mark <!-- {folder}… --> changed?"
        );
    }
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

/// A comment or a paragraph: its text with code spans blanked, and the line where it begins.
struct Prose {
    path: String,
    line: usize,
    text: String,
    is_doc: bool,
}

impl Prose {
    fn new(path: &str, line: usize, text: &str, is_doc: bool) -> Self {
        let blank = |span: &str| {
            span.chars().map(|c| if c.is_whitespace() { c } else { '·' }).collect::<String>()
        };
        let spans = text.split('`').enumerate();
        let text = spans
            .map(|(index, span)| if index % 2 == 1 { blank(span) } else { span.to_owned() })
            .collect::<Vec<_>>()
            .join("·");
        Self { path: path.to_owned(), line, text, is_doc }
    }

    /// Returns where a phrase occurs as whole words, ignoring case and line breaks.
    fn find(&self, phrase: &str) -> Vec<String> {
        let text = self.text.to_ascii_lowercase().replace('\n', " ");
        let is_edge = |c: Option<char>| !c.is_some_and(char::is_alphanumeric);
        let is_whole = |at: usize| {
            is_edge(text[..at].chars().next_back())
                && is_edge(text[at + phrase.len()..].chars().next())
        };
        let places = text.match_indices(phrase).map(|(at, _)| at);
        places.filter(|at| is_whole(*at)).map(|at| self.at(at, phrase)).collect()
    }

    fn at(&self, offset: usize, what: &str) -> String {
        let line = self.line + self.text[..offset].matches('\n').count();
        format!("{}:{line}: {what}", self.path)
    }
}

/// Returns the comments of a Rust file that have lines of their own.
fn comments(path: &str, text: &str) -> Vec<Prose> {
    let marker = |line: &str| ["///", "//!", "//"].into_iter().find(|mark| line.starts_with(mark));
    let lines: Vec<_> = text.lines().map(str::trim_start).collect();
    let numbered: Vec<_> = lines.iter().enumerate().collect();
    numbered
        .chunk_by(|(_, one), (_, other)| marker(one) == marker(other))
        .filter_map(|chunk| {
            let (first, line) = chunk[0];
            let mark = marker(line)?;
            let text = chunk.iter().map(|(_, line)| line[mark.len()..].trim()).collect::<Vec<_>>();
            Some(Prose::new(path, first + 1, &text.join("\n"), mark != "//"))
        })
        .collect()
}

/// Returns the paragraphs of a Markdown file, without blocks of code.
fn paragraphs(path: &str, text: &str) -> Vec<Prose> {
    let mut is_code = false;
    let prose = text.lines().map(|line| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        if is_code || is_fence { "" } else { line }
    });
    let numbered: Vec<_> = prose.enumerate().collect();
    numbered
        .chunk_by(|(_, one), (_, other)| one.trim().is_empty() == other.trim().is_empty())
        .map(|chunk| {
            let text = chunk.iter().map(|(_, line)| *line).collect::<Vec<_>>();
            Prose::new(path, chunk[0].0 + 1, &text.join("\n"), false)
        })
        .collect()
}

/// Returns the prose of all documents.
fn documents() -> Vec<Prose> {
    let mut files = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"]
        .map(str::to_owned)
        .to_vec();
    files.push("gateway/README.md".into());
    for entry in fs::read_dir(repository("docs")).expect("docs") {
        let name = entry.expect("a readable folder").file_name();
        files.push(format!("docs/{}", name.to_string_lossy()));
    }
    files.retain(|file| file.ends_with(".md"));
    files.sort();
    files.iter().flat_map(|file| paragraphs(file, &read(file))).collect()
}

/// Returns the comments of all Rust files.
fn all_comments() -> Vec<Prose> {
    let files = RUST_FOLDERS.into_iter().flat_map(sources);
    files
        .flat_map(|(path, text)| {
            let path = path.strip_prefix(repository("")).expect("a file of the repository");
            comments(&path.to_string_lossy(), &text)
        })
        .collect()
}

/// Words that have a plain equivalent: see `docs/glossary.md`.
const AVOIDED: [&str; 12] = [
    "is told",
    "are told",
    "was told",
    "were told",
    "anew",
    "goes on",
    "let go",
    "nobody",
    "somebody",
    "whoever",
    "would else",
    "what is no",
];

#[test]
fn documents_and_comments_use_plain_words() {
    let mut found: Vec<_> = documents()
        .iter()
        .chain(&all_comments())
        .flat_map(|prose| AVOIDED.iter().flat_map(|phrase| prose.find(phrase)))
        .collect();
    let comments = all_comments();
    let gives = comments.iter().filter(|prose| prose.is_doc && prose.text.starts_with("Gives "));
    found.extend(gives.map(|prose| prose.at(0, "Gives: write Returns")));
    assert!(found.is_empty(), "{} phrases to replace:\n{}", found.len(), found.join("\n"));
}

#[test]
fn doc_comments_say_more_than_three_words() {
    let found: Vec<_> = all_comments()
        .iter()
        .filter(|prose| prose.is_doc && prose.text.split_whitespace().count() <= 3)
        .map(|prose| prose.at(0, prose.text.trim()))
        .collect();
    assert!(found.is_empty(), "{} doc comments:\n{}", found.len(), found.join("\n"));
}

#[test]
fn paths_in_the_architecture_document_exist() {
    let text = read("ARCHITECTURE.md");
    let exists = |path: &str| match path.split_once('*') {
        None => repository(path).exists(),
        Some((start, end)) => {
            let (folder, start) = start.rsplit_once('/').expect("a folder");
            fs::read_dir(repository(folder)).is_ok_and(|mut files| {
                files.any(|file| {
                    let name = file.expect("a readable folder").file_name();
                    let name = name.to_string_lossy();
                    name.starts_with(start) && name.ends_with(end)
                })
            })
        }
    };
    let missing: Vec<_> = text
        .lines()
        .enumerate()
        .flat_map(|(index, line)| {
            line.split('`').skip(1).step_by(2).map(move |path| (index + 1, path))
        })
        .filter(|(_, path)| {
            path.split_once('/').is_some_and(|(top, _)| !top.is_empty() && repository(top).is_dir())
                && !path.contains(char::is_whitespace)
        })
        .filter(|(_, path)| !exists(path))
        .map(|(line, path)| format!("ARCHITECTURE.md:{line}: {path}"))
        .collect();
    assert!(missing.is_empty(), "no such path:\n{}", missing.join("\n"));
}

#[test]
fn the_architecture_document_has_at_most_70_lines() {
    assert!(read("ARCHITECTURE.md").lines().count() <= 70);
}
