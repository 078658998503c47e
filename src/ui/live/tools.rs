//! What the tools around the lines add to a live log; `ui::later` starts them.

use std::rc::Rc;

use leptos::prelude::*;

use super::{Live, effect};
use crate::browser::Client;

impl Live {
    /// Begins to show what is around the lines, and what is new in the page's title.
    pub(crate) fn start_tools(self) {
        self.describing.update_value(|describe| *describe = Client::view_model);
        self.frame.update(|frame| *frame += 1);
        effect(move || {
            let is_shown = self.title_badge.get();
            self.with(|client| client.set_title_badge(is_shown));
        });
    }

    /// Begins to announce what is new.
    pub(crate) fn start_announcing(self) {
        let announce = move |client: &Client, is_held: bool| {
            let is_waiting = self.announcer.try_update_value(|announcer| {
                announcer.set_every(self.announce_every.get_untracked());
                let is_new = !client.is_hidden()
                    && client
                        .with_session(|session| announcer.update(client.now(), session, is_held));
                if is_new {
                    self.announcement.set(announcer.text().to_owned());
                }
                announcer.is_waiting()
            });
            is_waiting == Some(true)
        };
        self.announcing.update_value(|announcing| *announcing = Some(Rc::new(announce)));
    }

    /// Applies what the reader has set, as far as that needs the search for the rows to show.
    pub(crate) fn restore_settings(self) {
        if let Some(folding) = self.setting() {
            self.set_folding(folding);
        }
    }

    /// Shows `text` until the next key, and has screen readers speak it.
    pub(crate) fn say(self, text: &str) {
        // A promise may be kept after the view is gone, and its signals with it.
        let _ = self.said.try_set(text.to_owned());
        let spoken = self.announcer.try_update_value(|announcer| {
            announcer.say(text);
            announcer.text().to_owned()
        });
        spoken.into_iter().for_each(|spoken| drop(self.announcement.try_set(spoken)));
    }

    /// No longer shows what was said.
    pub(crate) fn hush(self) {
        self.said.set(String::new());
    }
}
