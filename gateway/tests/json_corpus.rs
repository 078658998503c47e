//! Hostile JSON in logs: each log is refused, or arrives as JSON that the parsers of readers accept.
//! The judges are Python's and JavaScript's own.

mod support;

use std::io::Write;
use std::process::{Command, Stdio};

use support::{CHANNEL, Server};

/// Fails on what is not strict JSON: repeated keys, infinite numbers, half a surrogate pair.
const PYTHON: &str = r#"
import json, sys
def unique(pairs):
    fields = dict(pairs)
    assert len(fields) == len(pairs), "a key is there twice"
    return fields
def constant(name):
    raise ValueError(name)
count = 0
for line in sys.stdin.buffer:
    value = json.loads(line, object_pairs_hook=unique, parse_constant=constant)
    json.dumps(value, ensure_ascii=False, allow_nan=False).encode("utf-8")
    count += 1
print(count)
"#;

const JAVASCRIPT: &str = r#"
const text = require("fs").readFileSync(0, "utf8").split("\n").filter(Boolean);
const check = (value) => {
  if (typeof value === "number" && !Number.isFinite(value)) throw Error("an infinite number");
  if (typeof value === "string" && !value.isWellFormed()) throw Error("half a pair");
  if (value && typeof value === "object") Object.entries(value).flat().forEach(check);
};
text.forEach((line) => check(JSON.parse(line)));
console.log(text.length);
"#;

/// Entries that are attacks, mistakes, or unusual.
fn hostile() -> Vec<String> {
    let nest = |open: &str, close: &str, depth| open.repeat(depth) + "1" + &close.repeat(depth);
    let digits = |count| "9".repeat(count);
    let mut all: Vec<String> = [
        r#"{"a":1,"a":2,"\u0061":3}"#,
        r#"{"a":{"b":1,"b":[{"c":1,"c":2}]},"a":{"b":NaN,"b":1e999}}"#,
        r#""\ud800""#,
        r#"["\udc00\ud800","\ud83d\ude00","\uD83DA\uDE00"]"#,
        r#"{"\ud800":1,"\ud801":2,"\ufffd":3}"#,
        "[1e400,-1e400,1e308,-0,0e9,1e-400,5e-324,0.1e1]",
        "[NaN,Infinity,-Infinity]",
        "\"\u{202e}\u{2028}\u{2029}\u{feff}\u{85}\u{9b}\"",
        r#""\u0000\u001f\u007f\u0085\u2028""#,
        r#"{"":{"":{"":null}}}"#,
        "9007199254740993",
        "[01]",
        "[1,]",
        "{\"a\":1,}",
        "{'a':1}",
        "[\"\t\"]",
        "// x\n1",
        "[1] [2]",
        "[+1]",
        "[.5]",
        "[1.]",
        "[0x1]",
        r#"["\x"]"#,
        r#"["\u12g4"]"#,
        "[tru]",
        "nul",
        "",
    ]
    .map(ToOwned::to_owned)
    .into();
    for depth in [1, 60, 62, 63, 64, 100, 1_000, 100_000] {
        all.push(nest("[", "]", depth));
        all.push(nest("{\"a\":", "}", depth));
    }
    for count in [17, 308, 309, 400, 4_300, 5_000] {
        all.extend([digits(count), format!("-{}", digits(count)), format!("0.{}", digits(count))]);
        all.push(format!("{}e-{count}", digits(count)));
        all.push(format!("{}.5", digits(count)));
    }
    let keys: Vec<_> = (0..3_000).map(|n| format!("\"k{}\":{n}", n % 2_500)).collect();
    all.push(format!("{{{}}}", keys.join(",")));
    all
}

/// Entries of random tokens, most of them almost right.
fn random(count: usize) -> Vec<String> {
    let mut rng = fastrand::Rng::with_seed(7);
    let tokens = [
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"a\"",
        "\"b\"",
        "\"\\u0061\"",
        "\"\\ud800\"",
        "\"\\\"\"",
        "1",
        "-1.5e3",
        "1e999",
        "NaN",
        "null",
        "true",
        " ",
    ];
    fn value(rng: &mut fastrand::Rng, tokens: &[&str], depth: usize) -> String {
        let kind = rng.usize(..8);
        let values: Vec<_> = match kind {
            0..4 if depth < 5 => (0..3).map(|_| value(rng, tokens, depth + 1)).collect(),
            _ => Vec::new(),
        };
        match kind {
            0 | 1 if depth < 5 => format!("[{}]", values.join(",")),
            2 | 3 if depth < 5 => {
                let field = |value| format!("{}:{value}", tokens[6 + rng.usize(..5)]);
                format!("{{{}}}", values.into_iter().map(field).collect::<Vec<_>>().join(","))
            }
            // Any token at all, rarely.
            4 if rng.usize(..9) == 0 => tokens[rng.usize(..tokens.len())].to_owned(),
            _ => tokens[6 + rng.usize(..11)].to_owned(),
        }
    }
    (0..count).map(|_| value(&mut rng, &tokens, 0)).collect()
}

/// Runs a program that reads lines and prints how many it accepted.
fn accepted(mut program: Command, lines: &str) -> usize {
    let mut child = program
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{program:?}: {error}"));
    child.stdin.take().expect("piped").write_all(lines.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "a log was not accepted");
    String::from_utf8_lossy(&output.stdout).trim().parse().expect("a count")
}

#[tokio::test]
async fn every_accepted_log_is_json_for_python_and_javascript() {
    let gateway = Server::gateway().await;
    let mut reader = gateway.read(&format!("/logs/stream?channels={CHANNEL}")).await;
    reader.data().await;
    let (mut lines, mut refused, mut count) = (String::new(), 0, 0);
    for entry in hostile().into_iter().chain(random(600)) {
        let body = format!(
            r#"{{"service":"etl","workspace_id":"workspace123","workflow_id":"workflow456","logData":{entry}}}"#
        );
        let answer = gateway.post("/logs/publish", "l5-etl-token", body).await;
        let shown = entry.chars().take(60).collect::<String>();
        match answer.status {
            200 => {
                lines.push_str(&reader.frame().await.expect("the log").data);
                lines.push('\n');
                count += 1;
            }
            400 => refused += 1,
            other => panic!("{other} for {shown}"),
        }
    }
    assert!(count > 300 && refused > 20, "{count} accepted, {refused} refused");
    let mut python = Command::new("python3");
    python.args(["-c", PYTHON]);
    assert_eq!(accepted(python, &lines), count);
    let mut node = Command::new("node");
    node.args(["-e", JAVASCRIPT]);
    assert_eq!(accepted(node, &lines), count);
}
