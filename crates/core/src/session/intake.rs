//! What a stream brings, in whichever form: to messages, and each to where it belongs.

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

/// What happened to a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceEvent<'a> {
    /// The server answered with a stream.
    Opened,
    /// The head of an answer came, from a source that sees it.
    Answered(ResponseHead),
    /// An event came: its name, the last event id, its data.
    Message {
        /// The event's name.
        event: &'a str,
        /// The last event id.
        id: &'a str,
        /// The data.
        data: &'a str,
    },
    /// Several came in one go, as [`packed`] tells.
    Packed(&'a [u8]),
    /// Bytes of the stream came.
    Bytes(&'a [u8]),
    /// It failed or ended.
    Failed {
        /// Whether the browser would not have tried again by itself: mostly, an answer came that
        /// was no event stream.
        refused: bool,
    },
    /// The browser would not open it; with its words.
    NotOpened(String),
}

impl Session {
    /// Takes what happened to a source. What an older source says is dropped here.
    pub fn handle_source(&mut self, now: Instant, source: SourceId, event: SourceEvent<'_>) {
        self.handle_source_telling(now, source, event, &mut |_, _| {});
    }

    /// The same; `on_event` hears the name and the data of each event.
    pub fn handle_source_telling(
        &mut self,
        now: Instant,
        source: SourceId,
        event: SourceEvent<'_>,
        on_event: &mut dyn FnMut(&str, &str),
    ) {
        if !self.connection.is_current(source) {
            return;
        }
        let mut take = |session: &mut Self, event: &str, id: &str, data: &str| {
            // One before it in the same go may have ended the source.
            if session.connection.is_current(source) {
                on_event(event, data);
                session.handle_message(now, source, message::read(event, id, data));
            }
        };
        match event {
            SourceEvent::Opened => self.handle_opened(now, source),
            SourceEvent::Answered(finding) => self.handle_answered(now, source, finding),
            SourceEvent::Message { event, id, data } => take(self, event, id, data),
            SourceEvent::Packed(bytes) => {
                packed::unpack(&sse::text(bytes))
                    .for_each(|event| take(self, event.name, event.id, event.data));
            }
            SourceEvent::Bytes(bytes) => {
                let mut parser = std::mem::take(&mut self.parser);
                parser.take(bytes, &mut |event, id, data| {
                    // An EventSource hears by name, and so does this: a server's other events are
                    // not for us.
                    if packed::names().any(|name| name == event) {
                        take(self, event, id, data);
                    }
                });
                // What is no event may still be a ping.
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
                self.handle_input(now, Input::Failed(source, Failure::CannotOpen(why)))
            }
        }
    }

    fn handle_answered(&mut self, now: Instant, source: SourceId, finding: ResponseHead) {
        if finding.is_stream() {
            self.handle_opened(now, source);
        } else {
            self.handle_input(now, Input::Answered(source, finding));
        }
    }

    fn handle_opened(&mut self, now: Instant, source: SourceId) {
        self.connection.handle_input(now, Input::Opened(source));
        // A server that counts says so in its greeting; one that does not may say nothing for an
        // hour.
        if self.sequencing == Sequencing::Unnumbered {
            let notice = self.recovery.handle_back_without_replay(now);
            self.tell(notice);
        }
    }

    fn handle_message(&mut self, now: Instant, source: SourceId, message: Message<'_>) {
        self.vitals.handle_event(now);
        self.connection.handle_input(now, Input::Heard(source));
        let is_first = !std::mem::replace(&mut self.is_greeted, true);
        match message {
            Message::Hello(hello) => self.handle_hello(now, source, &hello),
            Message::Line(line) => {
                if is_first {
                    self.handle_uncounted(now);
                }
                self.handle_line(now, &line);
            }
            Message::Batch(lines) => lines.iter().for_each(|line| self.handle_line(now, line)),
            Message::Heartbeat(heartbeat) => self.handle_heartbeat(now, &heartbeat),
            Message::Gap(gap) => self.handle_gap(&gap),
            Message::Bye(bye) => self.handle_input(now, Input::Bye(source, bye)),
        }
    }

    fn handle_hello(&mut self, now: Instant, source: SourceId, hello: &Hello) {
        if let Some(granted) = &hello.granted {
            let mut wanted = channels(self.target.as_ref());
            let all = wanted.len();
            wanted.retain(|channel| !granted.contains(channel));
            if !wanted.is_empty() && wanted.len() == all {
                return self.handle_input(now, Input::NotGranted(source, wanted.join(", ")));
            }
            self.refused = wanted;
        }
        self.connection.handle_input(now, Input::HeartbeatInterval(source, hello.heartbeat));
        if hello.epoch.is_none() {
            return self.handle_uncounted(now);
        }
        if let Some(server_time) = hello.server_time {
            self.vitals.handle_server_time(now, server_time);
        }
        let had_cursor = self.progress.cursor().is_some();
        let Resumption { left, unknown } = self.progress.handle_hello(hello);
        self.awaits_replay = left > 0;
        if let Some(reason) = unknown {
            self.tell_missing(None, reason);
            self.unknown_gap_reported = true;
        }
        let notice = match (had_cursor, self.sequencing) {
            (true, _) => self.recovery.handle_back(now, left),
            (false, Sequencing::Unnumbered) => self.recovery.handle_back_without_replay(now),
            // Nothing was promised yet, so nothing was broken.
            (false, _) => {
                self.recovery = Recovery::default();
                None
            }
        };
        self.sequencing = Sequencing::Numbered;
        self.tell(notice);
    }

    /// The open stream comes from a server that does not count.
    fn handle_uncounted(&mut self, now: Instant) {
        self.progress.handle_uncounted();
        self.sequencing = Sequencing::Unnumbered;
        let notice = self.recovery.handle_back_without_replay(now);
        self.tell(notice);
    }

    fn handle_line(&mut self, now: Instant, line: &Raw<'_>) {
        self.awaits_replay = false;
        match self.progress.handle_line(line.channel.as_deref(), line.seq, &line.id, &line.text) {
            LineOrder::Duplicate => {
                self.tally.duplicates += 1;
                return;
            }
            LineOrder::After(missing) => self.tell_lost(missing, GapReason::Lost),
            LineOrder::New => {}
        }
        self.vitals.handle_line(now);
        self.tally.received += 1;
        self.store.append(line);
        let notice = self.recovery.handle_line();
        self.tell(notice);
    }

    fn handle_heartbeat(&mut self, now: Instant, heartbeat: &Heartbeat) {
        if let Some(server_time) = heartbeat.server_time {
            self.vitals.handle_server_time(now, server_time);
        }
        let missing = self.progress.handle_heartbeat(heartbeat);
        self.tell_lost(missing, GapReason::Lost);
    }

    fn handle_gap(&mut self, gap: &Gap) {
        match self.progress.handle_gap(gap) {
            Some(missing) => self.tell_lost(missing, gap.reason),
            None if self.unknown_gap_reported => {}
            None => self.tell_missing(None, gap.reason),
        }
    }

    /// Adds a row for each reason for which logs are missing; `reason` is that of those which were
    /// sent.
    fn tell_lost(&mut self, missing: Missing, reason: GapReason) {
        // A stream that did not resume owes nothing any more.
        self.awaits_replay &= missing.unresumed == 0;
        for (missing, reason) in
            [(missing.unresumed, GapReason::NotResumed), (missing.lost, reason)]
        {
            if missing > 0 {
                self.tell_missing(Some(missing), reason);
            }
        }
    }

    fn tell_missing(&mut self, missing: Option<u64>, reason: GapReason) {
        self.tally.gaps += 1;
        self.tally.missing += missing.unwrap_or_default();
        self.store.note(Notice::Gap { missing, reason });
        let notice = self.recovery.handle_missing(missing.unwrap_or_default());
        self.tell(notice);
    }

    fn tell(&mut self, notice: Option<Notice>) {
        if let Some(notice) = notice {
            self.tally.gaps += u64::from(matches!(notice, Notice::NotReplayed { .. }));
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
