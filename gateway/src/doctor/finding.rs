//! What the doctor found, for people and as JSON.

use std::fmt;

use serde_json::{Value, json};

use crate::doctor::advice::{Proxies, Remedy};
use crate::doctor::{Doctor, Route};

/// The questions, in the order of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Check {
    /// Does a stream open?
    Stream,
    /// Is the certificate valid for long enough?
    Certificate,
    /// Do events arrive when they are sent?
    Buffering,
    /// Do both clocks agree?
    Clock,
    /// Is the stream compressed on the way?
    Compression,
    /// Do query parameters arrive?
    Parameters,
    /// Does the cursor of a browser that reconnects arrive?
    LastEventId,
    /// Can a client pretend to be another user?
    Identity,
    /// Is the stream cut?
    Cuts,
}

impl Check {
    const ALL: [Self; 9] = [
        Self::Stream,
        Self::Certificate,
        Self::Buffering,
        Self::Clock,
        Self::Compression,
        Self::Parameters,
        Self::LastEventId,
        Self::Identity,
        Self::Cuts,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Stream => "stream",
            Self::Certificate => "certificate",
            Self::Buffering => "buffering",
            Self::Clock => "clock",
            Self::Compression => "compression",
            Self::Parameters => "query parameters",
            Self::LastEventId => "Last-Event-ID",
            Self::Identity => "identity headers",
            Self::Cuts => "idle timeout",
        }
    }
}

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Good,
    Problem,
    /// It could not be judged.
    Unknown,
}

/// The result of one check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) check: Check,
    pub(super) status: Status,
    /// What was observed, as a sentence.
    pub(super) found: String,
    /// What to change, if it is a problem.
    pub(super) remedy: Option<Remedy>,
}

impl Finding {
    pub(super) fn good(check: Check, found: impl Into<String>) -> Self {
        Self { check, status: Status::Good, found: found.into(), remedy: None }
    }

    pub(super) fn unknown(check: Check, found: impl Into<String>) -> Self {
        Self { check, status: Status::Unknown, found: found.into(), remedy: None }
    }

    pub(super) fn problem(check: Check, found: impl Into<String>, remedy: Remedy) -> Self {
        Self { check, status: Status::Problem, found: found.into(), remedy: Some(remedy) }
    }
}

/// All findings about one address.
#[derive(Debug)]
pub struct Report {
    title: String,
    pub(super) proxies: Proxies,
    /// Whether there is a certificate to examine.
    is_https: bool,
    findings: Vec<Finding>,
}

impl Report {
    pub(super) fn new(doctor: &Doctor) -> Self {
        let route = match doctor.route {
            Route::Direct => "direct",
            Route::Datashop => "Datashop",
        };
        let title = format!("{} ({route} route), {}", doctor.base, doctor.channel);
        let is_https = doctor.base.is_https();
        Self { title, proxies: Proxies::default(), is_https, findings: Vec::new() }
    }

    pub(super) fn add(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    /// Returns the report of a stream that cannot be opened.
    pub(super) fn without_the_rest(mut self) -> Self {
        let is_missing = |check: &Check| {
            (self.is_https || *check != Check::Certificate)
                && self.findings.iter().all(|found| found.check != *check)
        };
        let missing: Vec<_> = Check::ALL.into_iter().filter(is_missing).collect();
        let rest = missing.into_iter().map(|check| Finding::unknown(check, "it needs a stream"));
        self.findings.extend(rest);
        self
    }

    /// Returns how many problems were found.
    #[must_use]
    pub fn problems(&self) -> usize {
        self.findings.iter().filter(|finding| finding.status == Status::Problem).count()
    }

    /// Returns the report as JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        let finding = |finding: &Finding| {
            let change: Vec<_> = self
                .directives(finding)
                .into_iter()
                .map(|(proxy, directive)| json!({ "proxy": proxy, "directive": directive }))
                .collect();
            let status = match finding.status {
                Status::Good => "good",
                Status::Problem => "problem",
                Status::Unknown => "unknown",
            };
            let check = finding.check.name();
            json!({ "check": check, "status": status, "found": finding.found, "change": change })
        };
        json!({
            "examined": self.title,
            "proxies": self.proxies.names(),
            "problems": self.problems(),
            "findings": self.findings.iter().map(finding).collect::<Vec<_>>(),
        })
    }

    fn directives(&self, finding: &Finding) -> Vec<(&'static str, &'static str)> {
        finding.remedy.map(|remedy| self.proxies.directives(remedy)).unwrap_or_default()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.title)?;
        match &self.proxies.names()[..] {
            [] => writeln!(f, "no proxy made itself known")?,
            names => writeln!(f, "seen on the way: {}", names.join(", "))?,
        }
        for finding in &self.findings {
            let status = match finding.status {
                Status::Good => "good",
                Status::Problem => "PROBLEM",
                Status::Unknown => "unknown",
            };
            writeln!(f, "{status:<8}{:<18}{}", finding.check.name(), finding.found)?;
            for (proxy, directive) in self.directives(finding) {
                writeln!(f, "{:26}{proxy}: {directive}", "")?;
            }
        }
        match self.problems() {
            0 => write!(f, "no problem was found"),
            1 => write!(f, "1 problem was found"),
            count => write!(f, "{count} problems were found"),
        }
    }
}
