//! Turns what a stream delivers, in whatever form, into messages, and routes each to where it
//! belongs.

use crate::connection::{Failure, Input, ResponseHead, SourceId, State};
use crate::notice::Notice;
use crate::progress::{LineOrder, Missing, Resumption};
use crate::recovery::Recovery;
use crate::session::{Sequencing, Session, channels};
use crate::time::Instant;
use logs_sse_wire::message::{self, Message, Raw};
use logs_sse_wire::packed;
use logs_sse_wire::protocol::{Gap, GapReason, Heartbeat, Hello};
use logs_sse_wire::sse;

/// An event from a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceEvent<'a> {
    /// The server responded with a stream.
    Opened,
    /// A response head arrived, from a source that can see it.
    Answered(ResponseHead),
    /// A server-sent event arrived.
    Message {
        /// The name in its `event` field.
        event: &'a str,
        /// The last event id.
        id: &'a str,
        /// The lines of its `data` fields.
        data: &'a str,
    },
    /// Several events arrived at once, in the format of [`packed`].
    Packed(&'a [u8]),
    /// Bytes of the stream arrived.
    Bytes(&'a [u8]),
    /// The source failed or ended.
    Failed {
        /// Whether the browser would not have retried by itself: usually because the response was
        /// not an event stream.
        refused: bool,
    },
    /// The browser did not open the source, with its error message.
    NotOpened(String),
}

impl Session {
    /// Handles an event from a source. Events from an older source are dropped here.
    pub fn handle_source(&mut self, now: Instant, source: SourceId, event: SourceEvent<'_>) {
        self.handle_source_with(now, source, event, &mut |_, _| {});
    }

    /// Does the same as [`handle_source`](Self::handle_source), and calls `on_event` with the name
    /// and the data of each event.
    pub fn handle_source_with(
        &mut self,
        now: Instant,
        source: SourceId,
        event: SourceEvent<'_>,
        on_event: &mut dyn FnMut(&str, &str),
    ) {
        if !self.connection.is_current(source) {
            return;
        }
        let mut accept = |session: &mut Self, event: &str, id: &str, data: &str| {
            // An earlier event of the same batch may have ended the source.
            if session.connection.is_current(source) {
                on_event(event, data);
                session.handle_message(now, source, message::read(event, id, data));
            }
        };
        match event {
            SourceEvent::Opened => self.handle_opened(now, source),
            SourceEvent::Answered(head) => self.handle_answered(now, source, head),
            SourceEvent::Message { event, id, data } => accept(self, event, id, data),
            SourceEvent::Packed(bytes) => {
                packed::unpack(&sse::text(bytes))
                    .for_each(|event| accept(self, event.name, event.id, event.data));
            }
            SourceEvent::Bytes(bytes) => {
                let mut parser = std::mem::take(&mut self.parser);
                parser.take(bytes, &mut |event, id, data| {
                    // Like an EventSource, listen by name: the server's other events are not for
                    // us.
                    if packed::names().any(|name| name == event) {
                        accept(self, event, id, data);
                    }
                });
                // Anything that is not an event may still be a ping.
                if parser.take_sign() {
                    self.handle_input(now, Input::Heard(source));
                } else if !self.is_greeted {
                    self.handle_input(now, Input::Unread(source, parser.unread()));
                }
                self.parser = parser;
            }
            SourceEvent::Failed { refused } => {
                let failure = self.failure(refused);
                self.handle_input(now, Input::Failed(source, failure));
            }
            SourceEvent::NotOpened(why) => {
                self.handle_input(now, Input::Failed(source, Failure::CannotOpen(why)));
            }
        }
    }

    fn handle_answered(&mut self, now: Instant, source: SourceId, head: ResponseHead) {
        if head.is_stream() {
            self.handle_opened(now, source);
        } else {
            self.handle_input(now, Input::Answered(source, head));
        }
    }

    fn handle_opened(&mut self, now: Instant, source: SourceId) {
        self.connection.handle_input(now, Input::Opened(source));
        // A server that numbers its logs says so in its greeting; one that does not may stay silent
        // for an hour.
        if self.sequencing == Sequencing::Unnumbered {
            let notice = self.recovery.resumed_without_replay(now);
            self.note(notice);
        }
    }

    fn handle_message(&mut self, now: Instant, source: SourceId, message: Message<'_>) {
        self.stats.event_arrived(now);
        self.connection.handle_input(now, Input::Heard(source));
        let is_first = !std::mem::replace(&mut self.is_greeted, true);
        match message {
            Message::Hello(hello) => self.handle_hello(now, source, &hello),
            Message::Line(line) => {
                if is_first {
                    self.handle_unnumbered(now);
                }
                self.handle_line(now, &line);
            }
            Message::Batch(lines) => lines.iter().for_each(|line| self.handle_line(now, line)),
            Message::Heartbeat(heartbeat) => self.handle_heartbeat(now, &heartbeat),
            Message::Gap(gap) => self.handle_gap(&gap),
            // The host's page hears the event itself, and refreshes the credential if it can.
            Message::AuthExpiring(_) => {}
            Message::Bye(bye) => self.handle_input(now, Input::Bye(source, bye)),
        }
    }

    fn handle_hello(&mut self, now: Instant, source: SourceId, hello: &Hello) {
        if let Some(granted) = &hello.granted {
            let mut missing = channels(self.target.as_ref());
            let requested = missing.len();
            missing.retain(|channel| !granted.contains(channel));
            if !missing.is_empty() && missing.len() == requested {
                return self.handle_input(now, Input::NotGranted(source, missing.join(", ")));
            }
            self.refused = missing;
        }
        if self.carrier.greeted(hello, &self.params) {
            // A tail is requested again, and includes what arrives in between.
            if self.params.tail == 0 {
                self.progress.replaced(hello);
            }
            // Not an interruption: the page has not used this stream.
            return self.connection.handle_input(now, Input::Reopen(source));
        }
        self.connection.handle_input(now, Input::HeartbeatInterval(source, hello.heartbeat));
        if hello.epoch.is_none() {
            return self.handle_unnumbered(now);
        }
        if let Some(server_time) = hello.server_time {
            self.stats.server_time_reported(now, server_time);
        }
        let had_cursor = self.progress.cursor().is_some();
        if self.progress.epoch() != hello.epoch.as_ref() {
            self.restart_earlier();
        }
        self.view.greeted(hello);
        let Resumption { to_replay, unresumed, unknown_gap } = self.progress.greeted(hello);
        self.awaits_replay = to_replay > 0;
        if let Some(reason) = unknown_gap {
            self.note_missing(None, reason, None);
            self.unknown_gap_reported = true;
        }
        for (channel, unresumed) in unresumed {
            self.note_lost(Missing { unresumed, lost: 0 }, GapReason::Lost, Some(&channel));
        }
        let notice = match (had_cursor, self.sequencing) {
            (true, _) => self.recovery.resumed(now, to_replay),
            (false, Sequencing::Unnumbered) => self.recovery.resumed_without_replay(now),
            // Nothing was promised yet, so nothing was interrupted.
            (false, _) => {
                self.recovery = Recovery::default();
                None
            }
        };
        self.sequencing = Sequencing::Numbered;
        self.note(notice);
    }

    /// Records that the open stream comes from a server that does not number its logs.
    fn handle_unnumbered(&mut self, now: Instant) {
        self.progress.greeted_unnumbered();
        self.sequencing = Sequencing::Unnumbered;
        let notice = self.recovery.resumed_without_replay(now);
        self.note(notice);
    }

    fn handle_line(&mut self, now: Instant, line: &Raw<'_>) {
        self.awaits_replay = false;
        match self.progress.line_arrived(line.channel.as_deref(), line.seq, &line.id, &line.text) {
            LineOrder::Duplicate => {
                self.counters.duplicates += 1;
                return;
            }
            LineOrder::After(missing) => {
                self.note_lost(missing, GapReason::Lost, line.channel.as_deref());
            }
            LineOrder::New => {}
        }
        self.stats.line_arrived(now);
        self.view.line_arrived(now);
        self.counters.received += 1;
        if !self.view.is_known(line) {
            self.store.append(line);
        }
        let notice = self.recovery.line_arrived();
        self.note(notice);
    }

    fn handle_heartbeat(&mut self, now: Instant, heartbeat: &Heartbeat) {
        if let Some(server_time) = heartbeat.server_time {
            self.stats.server_time_reported(now, server_time);
        }
        for (channel, missing) in self.progress.heartbeat_arrived(heartbeat) {
            self.note_lost(missing, GapReason::Lost, Some(&channel));
        }
    }

    fn handle_gap(&mut self, gap: &Gap) {
        match self.progress.gap_reported(gap) {
            Some(missing) => self.note_lost(missing, gap.reason, Some(&gap.channel)),
            None if self.unknown_gap_reported => {}
            None => self.note_missing(None, gap.reason, Some(&gap.channel)),
        }
    }

    /// Adds a row for each reason why logs are missing. `reason` applies to those that were sent.
    fn note_lost(&mut self, missing: Missing, reason: GapReason, channel: Option<&str>) {
        // A stream that did not resume has nothing left to replay.
        self.awaits_replay &= missing.unresumed == 0;
        let unresumed = if self.carrier.is_refused() {
            GapReason::ResumeRefused
        } else {
            GapReason::NotResumed
        };
        for (missing, reason) in [(missing.unresumed, unresumed), (missing.lost, reason)] {
            if missing > 0 {
                self.note_missing(Some(missing), reason, channel);
            }
        }
    }

    fn note_missing(&mut self, missing: Option<u64>, reason: GapReason, channel: Option<&str>) {
        let names = self.target.as_ref().filter(|target| target.has_several());
        // The name in a message of the gateway may be any text.
        let channel = channel
            .filter(|channel| names.is_some_and(|it| it.names().iter().any(|name| name == channel)))
            .map(Into::into);
        self.counters.gaps += 1;
        self.counters.missing += missing.unwrap_or_default();
        self.store.note(Notice::Gap { missing, reason, channel });
        if missing.is_none() {
            self.recovery.unknown_missed();
        }
        let notice = self.recovery.lines_missed(missing.unwrap_or_default());
        self.note(notice);
    }

    fn note(&mut self, notice: Option<Notice>) {
        if let Some(notice) = notice {
            self.counters.gaps += u64::from(matches!(notice, Notice::NotReplayed { .. }));
            self.store.note(notice);
        }
    }

    fn failure(&self, refused: bool) -> Failure {
        match self.connection.state() {
            State::Open { .. } => self.connection.loss(),
            _ if refused => Failure::Rejected,
            _ => Failure::Unreachable,
        }
    }
}
