//! Parses the text of a plan into its steps.

use std::num::NonZero;
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use http::StatusCode;

use crate::answer::Answer;
use crate::plan::{Act, After, Ending, Kind, Plan, Step, Then, Throttle, Trouble};

impl Plan {
    /// Parses a flag's value: a plan, or `@FILE` for the plan in a file.
    ///
    /// # Errors
    /// A sentence that names the step, its text and what was expected; or the file and why it
    /// cannot be read.
    pub fn from_flag(text: &str) -> Result<Self, String> {
        let Some(file) = text.strip_prefix('@') else { return text.parse() };
        let text =
            std::fs::read_to_string(Path::new(file)).map_err(|error| format!("{file}: {error}"))?;
        text.parse().map_err(|error| format!("{file}: {error}"))
    }
}

impl FromStr for Plan {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.len() > LONGEST_PLAN {
            return Err(format!(
                "the plan has {} bytes: expected at most {LONGEST_PLAN}",
                text.len()
            ));
        }
        let (text, then) = strip_loop(text.trim());
        // A trailing semicolon is common in files.
        let text = text.strip_suffix(';').unwrap_or(text);
        let steps = text
            .split(';')
            .enumerate()
            .map(|(index, step)| parse_step(index + 1, step.trim()))
            .collect::<Result<_, _>>()?;
        Ok(Self { steps, then })
    }
}

fn strip_loop(text: &str) -> (&str, Then) {
    match text.strip_suffix("loop") {
        Some(rest) if rest.ends_with(|c: char| c == ';' || c.is_whitespace()) => {
            (rest.trim_end(), Then::StartOver)
        }
        _ => (text, Then::RepeatLast),
    }
}

fn parse_step(number: usize, text: &str) -> Result<Step, String> {
    let Some((kind, options)) =
        text.split_once(char::is_whitespace).or((!text.is_empty()).then_some((text, "")))
    else {
        return Err(format!("step {number} is empty: expected one of {KINDS}"));
    };
    let read = || {
        let mut options = Options::parse(options)?;
        let act = parse_act(kind, &mut options)?;
        let delay = match kind {
            "delay" => options.required("for", "a time such as 2s", parse_time)?,
            _ => options.optional("delay", parse_time)?.unwrap_or_default(),
        };
        options.finish(kind)?;
        Ok::<_, String>(Step { text: text.into(), delay, act })
    };
    read().map_err(|error| format!("step {number}, {:?}: {error}", shortened(text)))
}

fn parse_act(kind: &str, options: &mut Options<'_>) -> Result<Act, String> {
    Ok(match kind {
        "pass" | "trickle" | "split" | "delay" => {
            Act::Forward { throttle: parse_throttle(kind, options)?, trouble: None }
        }
        "cut" | "reset" | "stall" => {
            let after = options.required(
                "after",
                "bytes such as 1000 or a time such as 2s",
                parse_after,
            )?;
            let kind_of_trouble = match kind {
                "cut" => Kind::End(Ending::Fin),
                "reset" => Kind::End(Ending::Reset),
                _ => Kind::Stall(options.optional("for", parse_time)?),
            };
            Act::Forward {
                throttle: parse_throttle(kind, options)?,
                trouble: Some(Trouble { after, kind: kind_of_trouble }),
            }
        }
        "status" => {
            let code = options.required("code", &one_of(&STATUSES), parse_status)?;
            Act::Answer(Answer::status(
                code,
                options.optional("retry-after", |text| parse_count(text, 0, MOST_SECONDS))?,
            ))
        }
        "html" => Act::Answer(Answer::login_page()),
        "redirect" => Act::Answer(Answer::redirect(options.required(
            "to",
            "a location such as /login",
            parse_location,
        )?)),
        "refuse" => Act::Refuse,
        "hang" => Act::Hang,
        "loop" => return Err("loop must be last, after the steps that it repeats".into()),
        _ => return Err(format!("{:?} is not one of {KINDS}", shortened(kind))),
    })
}

fn parse_throttle(kind: &str, options: &mut Options<'_>) -> Result<Throttle, String> {
    let rate = |text: &str| parse_count(text, 1, MOST_RATE);
    let size = |text: &str| parse_count(text, 1, MOST_SPLIT);
    let rate = match kind {
        "trickle" => Some(options.required("rate", "bytes per second", rate)?),
        _ => options.optional("rate", rate)?,
    };
    let split = match kind {
        "split" => Some(options.required("size", "a count of bytes", size)?),
        _ => options.optional("split", size)?,
    };
    Ok(Throttle {
        split: split.and_then(|size| usize::try_from(size).ok()).and_then(NonZero::new),
        rate: rate.and_then(NonZero::new),
    })
}

/// The options of one step. An option that no one reads by name is an error.
struct Options<'a> {
    given: Vec<(&'a str, &'a str)>,
    known: Vec<&'static str>,
}

impl<'a> Options<'a> {
    fn parse(text: &'a str) -> Result<Self, String> {
        let mut given: Vec<(&str, &str)> = Vec::new();
        for word in text.split_whitespace() {
            let pair = word.split_once('=').ok_or_else(|| {
                format!("{:?} is not an option: expected NAME=VALUE", shortened(word))
            })?;
            if given.iter().any(|(name, _)| *name == pair.0) {
                return Err(format!("{:?} appears twice", shortened(pair.0)));
            }
            given.push(pair);
        }
        Ok(Self { given, known: Vec::new() })
    }

    fn optional<T>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Result<Option<T>, String> {
        self.known.push(name);
        let Some(at) = self.given.iter().position(|(given, _)| *given == name) else {
            return Ok(None);
        };
        let (_, value) = self.given.swap_remove(at);
        parse(value)
            .map(Some)
            .map_err(|expected| format!("{name}={:?}: expected {expected}", shortened(value)))
    }

    fn required<T>(
        &mut self,
        name: &'static str,
        expected: &str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Result<T, String> {
        self.optional(name, parse)?
            .ok_or_else(|| format!("{name}= is missing: expected {expected}"))
    }

    fn finish(self, kind: &str) -> Result<(), String> {
        match self.given.first() {
            None => Ok(()),
            Some((name, _)) => Err(format!(
                "{kind} has no option {:?}: expected {}",
                shortened(name),
                one_of(&self.known)
            )),
        }
    }
}

fn parse_after(text: &str) -> Result<After, String> {
    if let Ok(bytes) = text.parse() {
        return Ok(After::Bytes(bytes));
    }
    parse_time(text)
        .map(After::Time)
        .map_err(|_| "bytes such as 1000, or a time such as 2s of at most 24h".into())
}

fn parse_time(text: &str) -> Result<Duration, String> {
    let time = humantime::parse_duration(text).ok().filter(|time| *time <= LONGEST_TIME);
    time.ok_or_else(|| "a time such as 2s or 500ms, of at most 24h".into())
}

fn parse_count(text: &str, least: u64, most: u64) -> Result<u64, String> {
    text.parse()
        .ok()
        .filter(|count| (least..=most).contains(count))
        .ok_or_else(|| format!("a number from {least} to {most}"))
}

fn parse_status(text: &str) -> Result<StatusCode, String> {
    let code = STATUSES
        .into_iter()
        .find(|code| *code == text)
        .and_then(|code| StatusCode::from_str(code).ok());
    code.ok_or_else(|| one_of(&STATUSES))
}

fn parse_location(text: &str) -> Result<String, String> {
    // The location becomes a header's value.
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("a location such as /login, in visible ASCII".into());
    }
    Ok(text.into())
}

fn one_of(words: &[&str]) -> String {
    format!("one of {}", words.join(", "))
}

/// Shortens a quote, so that an error does not repeat a whole file.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST_QUOTE) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.into(),
    }
}

const KINDS: &str =
    "pass, cut, reset, stall, trickle, split, delay, status, html, redirect, refuse, hang";

/// The statuses that a page may receive on its way to a gateway, each of which the client treats
/// differently.
const STATUSES: [&str; 9] = ["204", "401", "403", "404", "410", "429", "500", "502", "503"];

/// Far longer than any test, and far below what a clock can add.
const LONGEST_TIME: Duration = Duration::from_secs(24 * 60 * 60);
const MOST_SECONDS: u64 = 24 * 60 * 60;

/// The read buffer holds no more, so a larger piece would be split anyway.
const MOST_SPLIT: u64 = crate::BUFFER as u64;
const MOST_RATE: u64 = 1_000_000_000;
const LONGEST_PLAN: usize = crate::control::LONGEST_BODY;
const LONGEST_QUOTE: usize = 60;

#[cfg(test)]
mod tests {
    use super::*;

    fn act(text: &str) -> Act {
        text.parse::<Plan>().unwrap_or_else(|error| panic!("{error}")).steps.remove(0).act
    }

    fn trouble(after: After, kind: Kind) -> Option<Trouble> {
        Some(Trouble { after, kind })
    }

    #[test]
    fn reads_bytes_and_times() {
        let throttle = Throttle { split: NonZero::new(3), rate: None };
        let two = Duration::from_secs(2);
        assert_eq!(
            act("cut after=1000 split=3"),
            Act::Forward { throttle, trouble: trouble(After::Bytes(1000), Kind::End(Ending::Fin)) }
        );
        assert_eq!(
            act("reset split=3 after=2s"),
            Act::Forward { throttle, trouble: trouble(After::Time(two), Kind::End(Ending::Reset)) }
        );
        assert_eq!(
            act("stall after=0 for=2s split=3"),
            Act::Forward { throttle, trouble: trouble(After::Bytes(0), Kind::Stall(Some(two))) }
        );
        assert_eq!(
            act("stall after=0 split=3"),
            Act::Forward { throttle, trouble: trouble(After::Bytes(0), Kind::Stall(None)) }
        );
    }

    #[test]
    fn reads_a_delay_of_any_step() {
        for text in [
            "delay for=1500ms",
            "hang delay=1500ms",
            "status code=503 delay=1500ms",
            "cut delay=1500ms after=1",
        ] {
            assert_eq!(
                text.parse::<Plan>().expect("a plan").steps[0].delay,
                Duration::from_millis(1500),
                "{text}"
            );
        }
    }

    #[test]
    fn takes_plans_over_several_lines() {
        let plan: Plan = "cut\n after=1;\n\thtml ;\nloop\n".parse().expect("a plan");
        assert_eq!((plan.steps.len(), plan.then), (2, Then::StartOver));
        let plan: Plan = "html; pass;\n".parse().expect("a plan");
        assert_eq!((plan.steps.len(), plan.then), (2, Then::RepeatLast));
    }

    #[test]
    fn every_example_of_the_help_is_a_plan() {
        let (_, rest) = crate::LANGUAGE.split_once("Examples:\n").expect("examples");
        let examples: Vec<_> = rest.lines().take_while(|line| !line.is_empty()).collect();
        assert!(examples.len() > 1);
        for example in examples {
            example.parse::<Plan>().unwrap_or_else(|error| panic!("{example}: {error}"));
        }
    }

    #[test]
    fn an_error_names_the_step_what_came_and_what_was_expected() {
        for (text, expected) in [
            ("", "step 1 is empty: expected one of pass, cut"),
            ("loop", "step 1, \"loop\": loop must be last"),
            ("pass;;html", "step 2 is empty"),
            ("pass; loop; html", "step 2, \"loop\": loop must be last"),
            (
                "pass; cutt after=1",
                "step 2, \"cutt after=1\": \"cutt\" is not one of pass, cut, reset",
            ),
            (
                "cut",
                "step 1, \"cut\": after= is missing: expected bytes such as 1000 or a time such as 2s",
            ),
            ("cut after=", "after=\"\": expected bytes"),
            ("cut after=-1", "after=\"-1\": expected bytes"),
            ("cut after=99999999999999999999", "after=\"99999999999999999999\": expected bytes"),
            ("reset after=25h", "of at most 24h"),
            ("stall after=1 for=5", "for=\"5\": expected a time such as 2s"),
            (
                "cut after=1 for=5s",
                "cut has no option \"for\": expected one of after, rate, split, delay",
            ),
            ("cut after=1 after=2", "\"after\" appears twice"),
            ("cut 1000", "\"1000\" is not an option: expected NAME=VALUE"),
            ("trickle", "rate= is missing: expected bytes per second"),
            ("trickle rate=0", "rate=\"0\": expected a number from 1 to"),
            ("split size=99999", "expected a number from 1 to 16384"),
            ("split", "size= is missing"),
            ("split size=1 split=1", "split has no option \"split\""),
            ("status", "code= is missing: expected one of 204, 401"),
            ("status code=200", "code=\"200\": expected one of 204, 401"),
            ("status code=503 retry-after=soon", "retry-after=\"soon\": expected a number from 0"),
            ("redirect to=", "to=\"\": expected a location such as /login"),
            ("redirect to=/ö", "expected a location such as /login"),
            ("delay", "for= is missing: expected a time such as 2s"),
            ("delay for=1s delay=1s", "delay has no option \"delay\""),
            ("refuse after=1", "refuse has no option \"after\": expected one of delay"),
        ] {
            let error = text.parse::<Plan>().expect_err(text);
            assert!(error.starts_with("step ") && error.contains(expected), "{text}: {error}");
        }
    }

    #[test]
    fn shortens_what_an_error_quotes() {
        let error =
            format!("{}=1", "ä".repeat(LONGEST_PLAN / 4)).parse::<Plan>().expect_err("no step");
        assert!(error.len() < 500, "{error}");
        let error = "pass;".repeat(LONGEST_PLAN).parse::<Plan>().expect_err("too long");
        assert!(error.contains("expected at most 65536"), "{error}");
    }

    #[test]
    fn names_a_file_that_does_not_exist() {
        let error = Plan::from_flag("@no-such.plan").expect_err("no file");
        assert!(error.starts_with("no-such.plan: "), "{error}");
    }
}
