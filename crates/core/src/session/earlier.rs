//! Lines that the gateway holds and that are older than the oldest stored one: when they can be
//! loaded, what to request, and what the response means. Requests nothing itself.

use crate::notice::Notice;
use crate::session::merge::Merge;
use crate::session::{Sequencing, Session};
use crate::words::Word;
use logs_sse_wire::cursor::Epoch;
use logs_sse_wire::history::History;
use logs_sse_wire::protocol::Hello;

/// What is known of the lines before the stored ones.
#[derive(Clone, Debug, Default)]
pub(super) struct Earlier {
    pub(super) phase: Phase,
    /// The sequence number of the oldest log that the gateway holds, or `None` if it has no route
    /// for history.
    oldest_held: Option<u64>,
    /// The number of the first row of the current epoch. The sequence numbers of rows before it
    /// mean nothing to the gateway.
    pub(super) epoch_from: u64,
    /// The sequence number of the first line of the last page, and the number of the row that was
    /// the oldest then: the page's own first lines may be known, and so not stored.
    front: Option<(u64, u64)>,
    /// With several channels, the same as `oldest_held` for each.
    pub(super) held: Vec<(String, u64)>,
    /// With several channels, what was loaded of each, and the number of the row that was the oldest
    /// then.
    pub(super) merge: Merge,
    pub(super) merge_front: Option<u64>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Phase {
    #[default]
    Idle,
    /// The reader cleared the list. Lines come back only if the reader asks for them.
    Cleared,
    Loading,
    /// A page of one of several channels has arrived, and more are needed before any is shown.
    Continuing,
    /// The last request failed for this reason, with the status of the response.
    Failed(Word, u16),
    /// Nothing can be loaded before the row with this number.
    Ended(u64),
}

/// A request for the page of history before the oldest stored line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EarlierRequest {
    /// The URL to request.
    pub url: String,
    pub(super) epoch: Epoch,
    pub(super) before: u64,
    pub(super) channel: String,
}

/// What is shown at the end of the list about the lines before it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EarlierLines {
    /// The label of the button that loads them, or an empty string if there are none to load.
    pub label: String,
    /// Whether they are being loaded.
    pub is_loading: bool,
    /// Why they could not be loaded, or an empty string.
    pub failure: String,
}

impl Earlier {
    /// Records a greeting, which says what the gateway holds of each channel.
    pub(super) fn greeted(&mut self, hello: &Hello) {
        // A gateway that does not report what it received has no route for history either.
        let held = hello.held.iter().filter(|_| hello.received.is_some());
        self.held = held.map(|(channel, held)| (channel.clone(), held.oldest)).collect();
        self.oldest_held = if let [(_, oldest)] = self.held[..] { Some(oldest) } else { None };
    }
}

impl Session {
    /// Returns what to request for the lines before the stored ones, or `None` if there is nothing
    /// to request now. The caller passes the response to
    /// [`handle_earlier`](Self::handle_earlier).
    pub fn request_earlier(&mut self) -> Option<EarlierRequest> {
        if self.view.earlier.phase == Phase::Loading || self.has_ended() {
            return None;
        }
        let can_load = self.earlier_count() > 0 && self.store.has_room_for_earlier();
        if self.has_several_channels() {
            return if can_load { self.request_merged() } else { None };
        }
        let before = self.first_seq().filter(|_| can_load)?;
        let epoch = self.progress.epoch()?.clone();
        let target = self.target.as_ref()?;
        let channel = target.names().first()?.clone();
        let url = target.history_url(&channel, &epoch, before, PAGE_LINES)?;
        self.view.earlier.phase = Phase::Loading;
        // What arrives meanwhile must not evict the line before which the page belongs.
        self.view.earlier.front = Some((self.store.range().start, before));
        self.store.hold(true);
        Some(EarlierRequest { url, epoch, before, channel })
    }

    /// Handles the response to a request: its status and body, or `None` if there was none.
    pub fn handle_earlier(&mut self, request: &EarlierRequest, response: Option<(u16, &str)>) {
        let is_current = self.view.earlier.phase == Phase::Loading
            && self.progress.epoch() == Some(&request.epoch)
            && if self.has_several_channels() {
                self.view.earlier.merge.next_page() == Some((&*request.channel, request.before))
            } else {
                self.first_seq() == Some(request.before)
            };
        if !is_current {
            // The log was cleared, another workflow was chosen, or the gateway restarted.
            if self.view.earlier.phase == Phase::Loading {
                self.forget_earlier();
            }
            return;
        }
        self.view.earlier.phase = match response {
            Some((200, body)) => match History::read(body) {
                Some(page) if self.belongs(&page, request) && self.has_several_channels() => {
                    self.view.earlier.merge.add_page(&page);
                    self.view.earlier.phase = Phase::Continuing;
                    return;
                }
                Some(page) if self.belongs(&page, request) => self.add_earlier(&page),
                Some(_) => Phase::Failed(Word::EarlierWrongPage, 200),
                None => Phase::Failed(Word::EarlierUnsupported, 200),
            },
            Some((status @ (404 | 405), _)) => Phase::Failed(Word::EarlierUnsupported, status),
            Some((409, _)) => Phase::Failed(Word::GapRestarted, 409),
            Some((0, _)) => Phase::Failed(Word::EarlierRedirected, 0),
            Some((status @ (401 | 403), _)) => Phase::Failed(Word::EarlierNotAllowed, status),
            Some((status, _)) => Phase::Failed(Word::EarlierStatus, status),
            None => Phase::Failed(Word::FailureUnreachable, 0),
        };
        self.store.hold(false);
    }

    /// Drops the lines that are held in addition to the capacity: the reader is at the newest
    /// line again.
    pub fn release_earlier(&mut self) {
        if self.store.has_earlier() && !self.is_loading_earlier() {
            self.store.release_earlier();
        }
    }

    /// Returns what to show about the lines before the stored ones.
    #[must_use]
    pub fn earlier(&self) -> EarlierLines {
        let count = self.earlier_count();
        let words = self.words();
        let text = |word| words.text(word).to_owned();
        let (label, failure) = match self.view.earlier.phase {
            Phase::Loading | Phase::Continuing => (text(Word::LoadingEarlier), String::new()),
            _ if count == 0 || self.has_ended() => return EarlierLines::default(),
            _ if !self.store.has_room_for_earlier() => (String::new(), text(Word::EarlierNoRoom)),
            Phase::Idle | Phase::Cleared | Phase::Ended(_) => {
                (words.count(Word::LoadEarlier, count), String::new())
            }
            Phase::Failed(why, status) => {
                let why = words.fill(why, &[("status", &status.to_string())]);
                (text(Word::TryAgain), words.fill(Word::EarlierFailed, &[("reason", &why)]))
            }
        };
        EarlierLines { label, is_loading: self.is_loading_earlier(), failure }
    }

    /// Returns whether earlier lines can be loaded without being asked for. Not after a failure, not
    /// for a filter, which may match none of them, and not into a list that the reader cleared.
    #[must_use]
    pub fn loads_earlier_by_itself(&self) -> bool {
        self.view.earlier.phase == Phase::Idle
            && self.view.find.is_none()
            && self.earlier_count() > 0
            && self.store.has_room_for_earlier()
    }

    /// Returns whether a page of earlier lines can be loaded now, for a reader who asks for one.
    #[must_use]
    pub fn can_load_earlier(&self) -> bool {
        matches!(self.view.earlier.phase, Phase::Idle | Phase::Cleared)
            && self.earlier_count() > 0
            && self.store.has_room_for_earlier()
    }

    /// Returns whether to request the page of another channel at once.
    #[must_use]
    pub fn continues_earlier(&self) -> bool {
        self.view.earlier.phase == Phase::Continuing
    }

    fn is_loading_earlier(&self) -> bool {
        matches!(self.view.earlier.phase, Phase::Loading | Phase::Continuing)
    }

    /// Returns whether nothing can be loaded before the oldest row. It can again once that row is
    /// evicted.
    fn has_ended(&self) -> bool {
        self.view.earlier.phase == Phase::Ended(self.store.range().start)
    }

    /// Records that the reader cleared the list.
    pub(super) fn cleared(&mut self) {
        self.forget_earlier();
        self.view.earlier.phase = Phase::Cleared;
    }

    /// Records that the reader undid that. A page that was requested meanwhile is of no use.
    pub(super) fn clear_undone(&mut self) {
        self.forget_earlier();
        let aside = std::mem::take(&mut self.view.earlier_aside);
        // Otherwise the rows that are back are of another epoch than the stream.
        if aside.epoch_from == self.view.earlier.epoch_from {
            let is_loading = matches!(aside.phase, Phase::Loading | Phase::Continuing);
            let phase = if is_loading { Phase::Idle } else { aside.phase };
            self.view.earlier = Earlier { phase, front: aside.front, ..self.view.earlier.clone() };
        }
    }

    /// Returns whether the reader cleared the list, and nothing earlier was loaded since.
    #[must_use]
    pub fn is_cleared(&self) -> bool {
        self.view.earlier.phase == Phase::Cleared
    }

    /// Forgets a request and what it would have loaded.
    pub(super) fn forget_earlier(&mut self) {
        self.view.earlier.phase = Phase::Idle;
        self.view.earlier.front = None;
        self.view.earlier.merge_front = None;
        self.store.hold(false);
    }

    /// Forgets everything: the rows so far are of other channels or of another epoch.
    pub(super) fn restart_earlier(&mut self) {
        self.forget_earlier();
        self.view.earlier = Earlier { epoch_from: self.store.range().end, ..Earlier::default() };
    }

    fn add_earlier(&mut self, page: &History<'_>) -> Phase {
        if self.view.known.is_active() {
            let mut unknown = page.logs.clone();
            unknown.retain(|log| !self.view.known.has(log));
            self.store.prepend(&unknown);
        } else {
            self.store.prepend(&page.logs);
        }
        self.view.earlier.oldest_held = Some(page.oldest);
        let is_start = page.earlier == 0 || page.logs.is_empty();
        if is_start {
            let first = page.logs.first().and_then(|log| log.seq).or_else(|| self.first_seq());
            let evicted = first.unwrap_or(page.oldest).saturating_sub(1);
            self.store.prepend_notice(Notice::HistoryStart { evicted });
        }
        let start = self.store.range().start;
        self.view.earlier.epoch_from = start;
        self.view.earlier.front = page.logs.first().and_then(|log| log.seq).map(|seq| (start, seq));
        if is_start { Phase::Ended(start) } else { Phase::Idle }
    }

    fn belongs(&self, page: &History<'_>, request: &EarlierRequest) -> bool {
        page.channel == request.channel
            && page.epoch == request.epoch
            && page.logs.len() <= PAGE_LINES as usize
            && page.logs.iter().all(|log| log.channel.as_deref() == Some(&page.channel))
            // Up to the line that was asked for, without a hole.
            && page.logs.iter().rev().zip((0..request.before).rev()).all(|(log, seq)| log.seq == Some(seq))
    }

    /// Returns how many lines the gateway held before the oldest stored one, when it last said so.
    fn earlier_count(&self) -> u64 {
        if self.sequencing != Sequencing::Numbered {
            return 0;
        }
        if self.has_several_channels() {
            return self.merged_count();
        }
        let before = self.first_seq().zip(self.view.earlier.oldest_held);
        before.map_or(0, |(before, oldest)| before.saturating_sub(oldest))
    }

    /// Returns the sequence number of the oldest stored line, or of the next line if none is
    /// stored. `None` if the oldest is from another epoch.
    fn first_seq(&self) -> Option<u64> {
        let rows = self.store.range();
        if let Some((_, seq)) = self.view.earlier.front.filter(|(row, _)| *row == rows.start) {
            return Some(seq);
        }
        let first = rows.clone().find_map(|number| Some((number, self.store.seq(number)?)));
        match first {
            Some((number, seq)) => Some(seq).filter(|_| self.view.earlier.epoch_from <= number),
            None => self.progress.only_position().map(|seq| seq + 1),
        }
    }
}

/// The number of lines in one page: enough for several screens.
pub(super) const PAGE_LINES: u32 = 500;
