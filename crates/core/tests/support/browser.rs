//! A browser that executes the outputs of a session. Fails if the session asks for two connections
//! at once or leaves itself without a next step.

use logs_sse_core::connection::{Output, ProbeId, SourceId, State, Timer};
use logs_sse_core::session::Session;
use logs_sse_core::time::Instant;

/// A source that was opened.
#[derive(Clone, Debug)]
pub struct Opened {
    pub source: SourceId,
    pub at: Instant,
    pub url: String,
}

/// At most one open source, one running probe and one timer.
#[derive(Debug, Default)]
pub struct FakeBrowser {
    open: Option<Opened>,
    probe: Option<(ProbeId, String)>,
    timer: Option<Timer>,
    opened: Vec<Opened>,
    closed: Vec<SourceId>,
    states: Vec<State>,
}

impl FakeBrowser {
    /// Executes all pending outputs of `session`.
    pub fn obey(&mut self, session: &mut Session, now: Instant) {
        while let Some(output) = session.poll_output() {
            self.execute(output, now);
        }
        let needs_timer = matches!(
            session.state(),
            State::Connecting { .. } | State::Waiting { .. } | State::Offline
        );
        assert!(!needs_timer || self.timer.is_some(), "no next step in {:?}", session.state());
    }

    /// Removes the timer, as it fires, whether it is due or not.
    pub fn fire_timer(&mut self) {
        self.timer = None;
    }

    /// Removes the running probe, as it ends, and returns it with its URL.
    pub fn end_probe(&mut self) -> Option<(ProbeId, String)> {
        self.probe.take()
    }

    /// Returns the open source.
    pub fn open(&self) -> Option<&Opened> {
        self.open.as_ref()
    }

    pub fn probe(&self) -> Option<ProbeId> {
        self.probe.as_ref().map(|(probe, _)| *probe)
    }

    pub fn timer(&self) -> Option<Timer> {
        self.timer
    }

    /// Returns every source that was ever opened, oldest first.
    pub fn opened(&self) -> &[Opened] {
        &self.opened
    }

    /// Returns every source that was closed; a real browser may still call back for them.
    pub fn closed(&self) -> &[SourceId] {
        &self.closed
    }

    /// Returns every state that was reported, oldest first.
    pub fn states(&self) -> &[State] {
        &self.states
    }

    fn execute(&mut self, output: Output, now: Instant) {
        match output {
            Output::Open { source, url } => {
                self.assert_idle(&format!("{source:?} opened"));
                let opened = Opened { source, at: now, url };
                self.opened.push(opened.clone());
                self.open = Some(opened);
            }
            Output::Close(source) => {
                let open = self.open.take().map(|opened| opened.source);
                assert_eq!(open, Some(source), "closed a source that is not open");
                self.closed.push(source);
            }
            Output::Probe { probe, url } => {
                self.assert_idle(&format!("{probe:?} started"));
                self.probe = Some((probe, url));
            }
            Output::EndProbe(probe) => {
                let running = self.probe.take().map(|(probe, _)| probe);
                assert_eq!(running, Some(probe), "ended a probe that does not run");
            }
            Output::SetTimer(timer) => self.timer = timer,
            Output::Changed(state) => self.states.push(state),
        }
    }

    fn assert_idle(&self, what: &str) {
        assert!(self.open.is_none(), "{what} while {:?} is open", self.open);
        assert!(self.probe.is_none(), "{what} while {:?} runs", self.probe);
    }
}
