//! The configuration: file, environment and flags, their precedence, and what errors name.

#[path = "support/program.rs"]
mod program_support;
#[path = "support/temporary.rs"]
mod temporary;
#[path = "support/tls.rs"]
mod tls;

use std::process::Command;

use program_support::{Running, ended, program};
use temporary::File;
use tls::Certificate;

/// The example of the rules, which is a valid file of rules.
const RULES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/redact.example.toml");

fn with(arguments: &[&str], variables: &[(&str, &str)]) -> Command {
    let mut command = program(arguments);
    command.envs(variables.iter().copied());
    command
}

/// The line of `--print-config` about a key.
fn line_of(text: &str, key: &str) -> String {
    let is_of = |line: &&str| {
        line.strip_prefix("# ")
            .unwrap_or(line)
            .strip_prefix(key)
            .is_some_and(|rest| rest.starts_with(' '))
    };
    text.lines().find(is_of).unwrap_or_else(|| panic!("no {key} in\n{text}")).into()
}

#[test]
fn flags_win_over_the_environment_which_wins_over_the_file() {
    let file = File::new(
        "precedence",
        "port = 1111\nheartbeat = \"7s\"\nping = \"8s\"\ncors-origin = [\"http://a\", \"http://b\"]\njob = true\n",
    );
    let variables = [
        ("LOGS_GATEWAY_CONFIG", file.path()),
        ("LOGS_GATEWAY_PORT", "2222"),
        ("LOGS_GATEWAY_PING", "9s"),
        ("LOGS_GATEWAY_ALLOWED_HOST", "x.example,y.example"),
        ("LOGS_GATEWAY_JOB", "false"),
    ];
    let (code, text) = ended(with(&["--print-config", "--port=3333"], &variables));
    assert_eq!(code, Some(0), "{text}");
    for (key, expected) in [
        ("port", "port = 3333 # flag".to_owned()),
        ("ping", "ping = \"9s\" # LOGS_GATEWAY_PING".into()),
        ("heartbeat", format!("heartbeat = \"7s\" # {}:2", file.path())),
        ("cors-origin", format!("cors-origin = [\"http://a\", \"http://b\"] # {}:4", file.path())),
        (
            "allowed-host",
            "allowed-host = [\"x.example\", \"y.example\"] # LOGS_GATEWAY_ALLOWED_HOST".into(),
        ),
        ("job", "job = false # LOGS_GATEWAY_JOB".into()),
        ("host", "host = \"127.0.0.1\" # default".into()),
        ("rotate", "# rotate is not set".into()),
    ] {
        assert_eq!(line_of(&text, key), expected);
    }
}

#[test]
fn the_printed_configuration_is_a_configuration() {
    let file = File::new("print", "history-lines = 0x10\nslow-reader = \"cut\"\nrate = 2\n");
    let print = |path: &str| {
        let (code, text) = ended(program(&["--print-config", "--config", path]));
        assert_eq!(code, Some(0), "{text}");
        text.lines().map(|line| line.split(" # ").next().unwrap_or_default().to_owned()).collect()
    };
    let first: Vec<String> = print(file.path());
    assert!(first.contains(&"history-lines = 16".into()), "{first:?}");
    let again = File::new("again", &first.join("\n"));
    assert_eq!(print(again.path()), first);
}

#[test]
fn an_error_names_file_line_expected_and_received() {
    for (text, expected) in [
        ("\nprot = 1\n", ":2: unknown key prot: did you mean port?"),
        ("colour = 1\n", ":1: unknown key colour: --print-config lists all keys"),
        ("\n\nport = \"x\"\n", ":3: port is \"x\": expected a whole number"),
        ("port = 65536\n", ":1: port is \"65536\": expected a whole number: 65536 is not in 0..="),
        ("heartbeat = 15\n", ":1: heartbeat is 15: expected a text in quotes"),
        ("heartbeat = \"15\"\n", ":1: heartbeat is \"15\": expected a time such as 2s or 500ms"),
        ("slow-reader = \"wait\"\n", ":1: slow-reader is \"wait\": expected gap or cut"),
        ("job = \"yes\"\n", ":1: job is \"yes\": expected true or false"),
        ("cors-origin = \"http://a\"\n", ":1: cors-origin is \"http://a\": expected a list"),
        ("cors-origin = [\n\"http://a\",\n\"http://a/\"]\n", ":3: cors-origin is \"http://a/\": "),
        ("[history]\nlines = 1\n", ":1: unknown key history"),
        ("port = 1\nport = 2\n", ":2: not TOML: "),
        ("port = \n", ":1: not TOML: "),
        ("check = true\n", ":1: check is not a key: it is a flag only"),
        ("rate = 0\n", ":1: rate is \"0\": expected a number from 0.001"),
        ("log-level = \"a=b=c\"\n", ":1: log-level is \"a=b=c\": expected a level"),
    ] {
        let file = File::new("errors", text);
        for flags in [&["--check"][..], &["--print-config"], &["--port", "0"]] {
            let (code, output) = ended(program(&[flags, &["--config", file.path()]].concat()));
            let expected = format!("logs-gateway: {}{expected}", file.path());
            assert!(code == Some(2) && output.contains(&expected), "{text}: {code:?} {output}");
        }
    }
}

#[test]
fn all_errors_are_reported_at_once() {
    let file = File::new("all", "prot = 1\nping = \"soon\"\n");
    let (code, text) = ended(with(
        &["--check", "--config", file.path()],
        &[("LOGS_GATEWAY_HISTORY_LINES", "few"), ("LOGS_GATEWAY_RATE", "-1")],
    ));
    assert_eq!(code, Some(2));
    for expected in [
        ":1: unknown key prot",
        ":2: ping is \"soon\"",
        "LOGS_GATEWAY_HISTORY_LINES: history-lines is \"few\"",
        "LOGS_GATEWAY_RATE: rate is \"-1\"",
    ] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
}

#[test]
fn check_judges_what_no_single_value_shows() {
    let (code, text) = ended(program(&["--check"]));
    assert!(code == Some(0) && text.contains("is valid"), "{text}");
    for (text, expected) in [
        ("site = \"/no/such/folder\"\n", "no index.html"),
        ("host = \"0.0.0.0\"\n", "other machines can reach"),
        ("cors-origin = [\"*\"]\ncors-credentials = true\n", "cors"),
        ("use-env-proxy = true\n", "--upstream"),
    ] {
        let file = File::new("check", text);
        let (code, output) = ended(program(&["--check", "--config", file.path()]));
        assert!(code == Some(2) && output.contains(expected), "{text}: {code:?} {output}");
    }
    let (code, text) = ended(program(&["--check", "--config", "/no/such/file.toml"]));
    assert!(code == Some(2) && text.contains("/no/such/file.toml"), "{text}");
}

#[test]
fn no_error_and_no_print_repeats_a_secret() {
    for text in [
        "token = [\"etl=hunter2-hunter2-hunter2\"]\n",
        "token = \"hunter2-hunter2-hunter2\n",
        "upstream = \"http://svc:hunter2-hunter2-hunter2@host\"\n",
        "upstream = [\"http://svc:hunter2-hunter2-hunter2@host\"]\n",
    ] {
        let file = File::new("secret", text);
        let (code, output) = ended(program(&["--check", "--config", file.path()]));
        assert!(code == Some(2) && !output.contains("hunter2"), "{code:?} {output}");
    }
    let secret = ("LOGS_GATEWAY_TOKENS", "etl=hunter2-hunter2-hunter2");
    let authorization = ("LOGS_GATEWAY_UPSTREAM_AUTHORIZATION", "hunter2");
    let (code, text) = ended(with(&["--print-config"], &[secret, authorization]));
    assert!(code == Some(0) && !text.contains("hunter2") && text.contains("Tokens of"), "{text}");
}

#[test]
fn the_example_lists_every_key_with_its_default() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/gateway.example.toml");
    // In demo mode, since it names no readers as it is.
    let (code, output) = ended(program(&["--check", "--config", path]));
    assert_eq!(code, Some(0), "{output}");
    let example = std::fs::read_to_string(path).expect("the example");
    let (_, printed) = ended(program(&["--print-config"]));
    let keys: Vec<_> = printed
        .lines()
        .skip(1)
        .filter_map(|line| line.strip_prefix("# ").unwrap_or(line).split(' ').next())
        .collect();
    assert!(keys.len() > 20, "{keys:?}");
    for key in &keys {
        let listed = example
            .lines()
            .filter_map(|line| line.strip_prefix('#').unwrap_or(line).split_once(" = "))
            .filter(|(name, _)| name == key);
        assert_eq!(listed.count(), 1, "{key} must be listed once");
    }
    // Keys that are off are valid too, with any folder for the page and any file of tokens.
    let site = std::env::temp_dir().join(format!("logs-gateway-site-{}", std::process::id()));
    std::fs::create_dir_all(&site).expect("a folder");
    std::fs::write(site.join("index.html"), "page").expect("a page");
    let all: String = example
        .lines()
        .map(|line| match line.strip_prefix('#') {
            Some(rest) if !rest.starts_with([' ', '#']) => format!("{rest}\n"),
            _ => format!("{line}\n"),
        })
        .collect();
    let tokens = File::new("tokens", "");
    let proxy = File::new("proxy-secret", &"s".repeat(32));
    let tls = Certificate::new();
    let authority = rcgen::generate_simple_self_signed([]).expect("a certificate");
    let authority = File::new("authority", &authority.cert.pem());
    let all = all
        .replace("\"internal-ca.pem\"", &format!("{:?}", authority.path()))
        .replace("\"tls/fullchain.pem\"", &format!("{:?}", tls.cert.path()))
        .replace("\"tls/privkey.pem\"", &format!("{:?}", tls.key.path()))
        .replace("\"tls/publishers-ca.pem\"", &format!("{:?}", tls.cert.path()))
        .replace("\"dist\"", &format!("{:?}", site.display().to_string()))
        .replace("/var/log/logs-gateway", &site.display().to_string())
        .replace("\"redact.toml\"", &format!("{RULES:?}"))
        .replace("\"tokens.toml\"", &format!("{:?}", tokens.path()))
        .replace("\"proxy-secret\"", &format!("{:?}", proxy.path()))
        .replace("\"jwt-secret\"", &format!("{:?}", proxy.path()))
        // Only one of the two places of keys may be set.
        .replace("auth-jwks = ", "#auth-jwks = ");
    let file = File::new("example", &all);
    let mut command = program(&["--check", "--config", file.path()]);
    let (code, output) = {
        command.env_remove("LOGS_GATEWAY_DEMO");
        ended(command)
    };
    std::fs::remove_dir_all(&site).expect("the folder is there");
    assert_eq!(code, Some(0), "{output}");
}

#[test]
fn a_gateway_serves_with_a_file_and_ignores_the_variable_of_kubernetes() {
    let file = File::new("serves", "port = 0\nlog-level = \"debug\"\n");
    let link = ("LOGS_GATEWAY_PORT", "tcp://10.0.0.1:8080");
    let running = Running::start(with(&["--config", file.path()], &[link]));
    assert!(running.url.starts_with("http://127.0.0.1:"), "{}", running.url);
    assert!(!running.url.ends_with(":8080"), "{}", running.url);
}
