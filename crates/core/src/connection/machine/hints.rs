//! How the connection reacts to the browser's hints: network, visibility, sleep. A hint alone
//! neither closes a live stream nor stops retries.

use super::Connection;
use crate::connection::{Hidden, Page, State, TimerReason};
use crate::time::Instant;

impl Connection {
    pub(super) fn handle_network(&mut self, now: Instant, online: bool) {
        self.online = online;
        match self.state {
            State::Offline | State::Waiting { .. } if online => {
                match self.next_attempt().filter(|_| now < self.not_before) {
                    // The delay that the server asked for applies on any network.
                    Some(until) => {
                        self.change(State::Waiting { until, attempt: self.backoff.failures() + 1 });
                    }
                    None => self.attempt(now),
                }
            }
            State::Open { .. } if online => self.check_after_sleep(now),
            // After the network is lost, an open source looks alive for minutes; behind a VPN the
            // report is often wrong.
            State::Open { .. } => {
                if let Some(at) = self.watch.network_lost(now) {
                    self.timer.set(TimerReason::Silence, at);
                }
            }
            State::Waiting { until, .. } => {
                self.timer.set(TimerReason::Retry, until.max(now + self.backoff.slow()));
                self.change(State::Offline);
            }
            _ => {}
        }
    }

    pub(super) fn handle_page(&mut self, now: Instant, page: Page) {
        let is_active = matches!(
            self.state,
            State::Connecting { .. } | State::Open { .. } | State::Waiting { .. } | State::Offline
        );
        match (page, self.config.hidden) {
            (Page::Frozen, _) if is_active => self.close(State::Paused),
            (Page::Hidden, Hidden::CloseAfter(time)) => {
                self.timer.set(TimerReason::Hidden, now + time);
            }
            (Page::Visible | Page::Resumed, _) => {
                self.timer.clear(TimerReason::Hidden);
                match self.state {
                    State::Paused => self.attempt(now),
                    State::Open { .. } => self.check_after_sleep(now),
                    _ => self.handle_due(now),
                }
            }
            _ => {}
        }
    }

    fn check_after_sleep(&mut self, now: Instant) {
        if let Some(at) = self.watch.forgive(now) {
            self.timer.set(TimerReason::Silence, at);
        }
    }
}
