//! Queries as readers type them, and what they mean.

use logs_sse_core::find::{Case, Choice, Levels, Pipelines, Query};
use logs_sse_wire::entry::Level;
use proptest::prelude::*;

use crate::written::{Meant, pipeline, words};

/// A term of a query, independent of how it is typed.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) is_excluded: bool,
    pub(crate) field: Option<String>,
    pub(crate) text: String,
}

/// A query, and the terms that its text means.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) query: Query,
    pub(crate) terms: Vec<Wanted>,
}

pub(crate) fn query() -> impl Strategy<Value = Asked> {
    let levels = || prop_oneof![2 => Just(Levels::ALL), 1 => prop::collection::vec(prop::sample::select(Level::ALL.to_vec()), 0..5).prop_map(|levels| Levels::of(&levels))];
    let hidden = prop_oneof![3 => Just(Levels::NONE), 1 => levels()];
    let terms = prop::collection::vec(wanted(), 0..4).prop_map(|terms| {
        let text: Vec<_> = terms.iter().map(typed).collect();
        (text.join(" "), false, terms)
    });
    let asked =
        prop_oneof![3 => terms, 1 => pattern().prop_map(|pattern| (pattern, true, Vec::new()))];
    let case = prop::sample::select(vec![Case::Smart, Case::Match, Case::Ignore]);
    (asked, case, levels(), hidden, pipelines()).prop_map(
        |((text, is_regex, terms), case, levels, hidden_levels, pipelines)| Asked {
            query: Query {
                text,
                is_regex,
                case,
                levels,
                hidden_levels,
                pipelines,
                ..Query::default()
            },
            terms,
        },
    )
}

pub(crate) fn pipelines() -> impl Strategy<Value = Pipelines> {
    let choice = prop::sample::select(vec![Choice::Open, Choice::Open, Choice::Only, Choice::Not]);
    prop::collection::vec((pipeline(), choice), 0..4).prop_map(|choices| {
        let mut pipelines = Pipelines::default();
        choices.iter().for_each(|(name, choice)| pipelines.choose(name, *choice));
        pipelines
    })
}

pub(crate) fn wanted() -> impl Strategy<Value = Wanted> {
    let names = ["message", "Message", "pipeline", "level", "more", "n", "nae\"a,"];
    let text = prop_oneof![
        6 => words(3),
        1 => "[0-9]{1,2}",
        1 => prop::sample::select(vec!["error", "ERROR", "null", "info"]).prop_map(str::to_owned),
    ];
    let field = prop::option::weighted(0.4, prop::sample::select(names.to_vec()));
    (prop::bool::weighted(0.25), field, text).prop_map(|(is_excluded, field, text)| Wanted {
        is_excluded,
        field: field.map(str::to_owned),
        text: if text.is_empty() { "a".into() } else { text },
    })
}

/// Returns a term as a reader may type it.
pub(crate) fn typed(term: &Wanted) -> String {
    let quoted = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
    let field = term.field.as_deref().map_or_else(String::new, |name| quoted(name) + ":");
    format!("{}{field}{}", if term.is_excluded { "-" } else { "" }, quoted(&term.text))
}

/// Returns regular expressions: some with a literal by which lines are skipped, some invalid.
pub(crate) fn pattern() -> impl Strategy<Value = String> {
    let part = [
        "a",
        "n",
        "u",
        "0",
        "é",
        "ERR",
        "error",
        "<",
        "\\\\",
        "\"",
        "\n",
        "/",
        "[anu]+",
        "\\d",
        "\\W",
        ".",
        "\\s*",
        "(a|é|9)?",
        "(?:an|nu)",
        "^",
        "\\b",
        "x|",
        "(",
    ];
    prop::collection::vec(prop::sample::select(part.to_vec()), 1..4)
        .prop_map(|parts| parts.concat())
}

pub(crate) fn matches(asked: &Asked, meant: &Meant) -> bool {
    let query = &asked.query;
    let has_match = || {
        let pattern = regex_lite::RegexBuilder::new(&query.text)
            .case_insensitive(!query.match_case())
            .build();
        query.text.is_empty()
            || pattern.is_ok_and(|pattern| meant.texts.iter().any(|text| pattern.is_match(text)))
    };
    let is_hit = || match query.is_regex {
        true => has_match(),
        false => asked.terms.iter().all(|term| satisfies(term, query.case, meant)),
    };
    meant.is_notice
        || (query.levels.has(meant.level)
            && !query.hidden_levels.has(meant.level)
            && query.pipelines.has(&meant.pipeline)
            && is_hit())
}

pub(crate) fn satisfies(term: &Wanted, case: Case, meant: &Meant) -> bool {
    let compare = |text: &str, value: &str, is_same: fn(&str, &str) -> bool| {
        let matches_case = match case {
            Case::Smart => text.chars().any(char::is_uppercase),
            case => case == Case::Match,
        };
        match matches_case {
            true => is_same(value, text),
            false => is_same(&value.to_ascii_lowercase(), &text.to_ascii_lowercase()),
        }
    };
    let contains =
        |text: &str, value: &String| compare(text, value, |value, text| value.contains(text));
    let is_found = match &term.field {
        None => meant.texts.iter().any(|value| contains(&term.text, value)),
        Some(name) => {
            let words = format!("{name}:{}", term.text);
            let is_level = name == "level" && term.text.eq_ignore_ascii_case(meant.level.name());
            let mut fields =
                meant.fields.iter().filter(|(known, ..)| known.eq_ignore_ascii_case(name));
            is_level
                || meant.texts.iter().any(|value| contains(&words, value))
                || fields.any(|(_, strings, literals)| {
                    strings.iter().any(|value| contains(&term.text, value))
                        || literals.iter().any(|value| compare(&term.text, value, |a, b| a == b))
                })
        }
    };
    is_found != term.is_excluded
}
