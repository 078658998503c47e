//! The link to a line and a filter, for hosts that opted in: in the fragment of the page's address,
//! or passed to and from a host that owns the address. The core reads and writes the fragment, and
//! decides where to look for the line.

use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use gloo_events::EventListener;
use leptos::prelude::*;
use leptos::web_sys::{Element, Window};
use wasm_bindgen::JsValue;

use crate::browser::Client;
use crate::ui::detail;
use crate::ui::live::{Live, effect};
use logs_sse_core::link::{HostedLink, LineId, Link, Sought, Step};
use logs_sse_core::session::Session;
use logs_sse_core::words::Word;

/// What receives the fragment of the link.
pub(crate) type LinkHost = Rc<dyn Fn(&str)>;

/// What a viewer knows of the link in the address.
#[derive(Default)]
pub(crate) struct Linked {
    /// The line that the address led to, until it is found.
    sought: Option<Sought>,
    /// The line whose entry is open.
    opened: Option<LineId>,
    /// Whether the address will be written.
    is_due: bool,
    /// Active while links are.
    listener: Option<EventListener>,
    /// What receives the fragment instead of the address.
    host: Option<LinkHost>,
    hosted: HostedLink,
}

impl fmt::Debug for Linked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Linked").field("sought", &self.sought).finish_non_exhaustive()
    }
}

/// Follows the address and keeps it up to date, while the host allows that.
pub(crate) fn watch(live: Live) {
    effect(move || {
        let is_on = live.links.get();
        let window = leptos::web_sys::window().filter(|_| is_on && host(live).is_none());
        if window.is_some() {
            read(live);
        }
        let listener =
            window.map(|window| EventListener::new(&window, "hashchange", move |_| read(live)));
        live.linked.update_value(|linked| linked.listener = listener);
    });
    effect(move || {
        live.view_model.track();
        step(live);
    });
    let mut last = None;
    effect(move || {
        let now = (live.view_model.with(|model| model.rows_version), live.opened.get());
        let is_first = last.is_none();
        if last.replace(now) != Some(now) && live.links.get_untracked() && !is_first {
            let opened = now.1.and_then(|number| id_of(live, number));
            live.linked.update_value(|linked| linked.opened = opened);
            write_soon(live);
        }
    });
}

/// Sets what receives the fragment of the link, instead of the address; `None` for none.
pub(crate) fn set_host(live: Live, host: Option<LinkHost>) {
    let is_on = host.is_some();
    let was_on = live.linked.update_value(|linked| {
        let last = std::mem::replace(&mut linked.host, host);
        last.is_some()
    });
    if is_on || was_on {
        live.links.set(is_on);
    }
}

/// Goes to the link of the host.
pub(crate) fn follow(live: Live, fragment: &str) {
    let new = live.linked.update_value(|linked| linked.hosted.followed(fragment));
    if let Some((link, invalid)) = new {
        if link.log.is_none() {
            live.opened.set(None);
        }
        go_to(live, link, &invalid);
    }
}

fn host(live: Live) -> Option<LinkHost> {
    live.linked.try_update_value(|linked| linked.host.clone()).flatten()
}

/// Returns what identifies a line that can be linked to.
pub(crate) fn id_of(live: Live, number: u64) -> Option<LineId> {
    live.read(|session| LineId::of(session, number)).filter(|_| live.links.get_untracked())
}

/// Copies the address of this page with a line and the current filter. Of a host that owns the
/// address, it copies the one that the host has now.
pub(crate) fn copy(live: Live, near: &Element, line: LineId) {
    let link = Link { log: Some(line), query: live.query() };
    let is_hosted = host(live).is_some();
    if is_hosted {
        report(live, &link);
    }
    if let Some((address, fragment)) = leptos::web_sys::window().and_then(|window| parts(&window)) {
        let fragment = if is_hosted { fragment } else { link.written_into(&fragment) };
        let mark = if fragment.is_empty() { "" } else { "#" };
        let text = [&address, mark, &fragment].concat();
        detail::copy(live, near, Word::WhatLink, text);
    }
}

/// Applies the address: its filter now, its line as soon as that is stored.
fn read(live: Live) {
    let Some((_, fragment)) = leptos::web_sys::window().and_then(|window| parts(&window)) else {
        return;
    };
    let (link, invalid) = Link::parse(&fragment);
    if link == Link::default() && invalid.is_empty() {
        // The page has gone to a place of its own, and the reader's filter stays.
        return write_soon(live);
    }
    go_to(live, link, &invalid);
}

/// Applies a link, and reports the names of its parts that are not valid.
fn go_to(live: Live, link: Link, invalid: &[&str]) {
    if !invalid.is_empty() {
        let names = invalid.join(", ");
        let text =
            format!("[live logs] the address has invalid values, which are ignored: {names}");
        leptos::web_sys::console::warn_1(&text.into());
    }
    live.linked.update_value(|linked| linked.sought = link.log.clone().map(Sought::new));
    if let Some(search) = live.search.get_untracked() {
        search.set_value(&link.query.text);
    }
    live.update_query(|query| *query = link.query);
    step(live);
}

/// Continues to look for the line of the address.
fn step(live: Live) {
    let next = live
        .linked
        .try_update_value(|linked| {
            let sought = linked.sought.as_mut()?;
            let next = live.read(|session| sought.step(session));
            let is_over = match next {
                Step::Show(_) => live.read(Session::is_searched),
                Step::Missing => true,
                Step::Wait | Step::LoadEarlier => return Some(next),
            };
            is_over.then(|| linked.sought = None)?;
            Some(next)
        })
        .flatten();
    match next {
        Some(Step::Show(number)) => {
            if live.opened.get_untracked() != Some(number) {
                detail::toggle(live, number);
            }
            if live.find_row(number, Session::ordinal_of).is_none() {
                live.say_word(Word::LinkedNotMatching);
            }
        }
        Some(Step::LoadEarlier) => live.with(Client::load_earlier),
        Some(Step::Missing) => live.say_word(Word::NotHeld),
        Some(Step::Wait) | None => {}
    }
}

/// Writes the address a moment later, once for all changes until then: Safari refuses more than a
/// hundred changes in half a minute.
fn write_soon(live: Live) {
    let was_due =
        live.linked.try_update_value(|linked| std::mem::replace(&mut linked.is_due, true));
    if was_due == Some(false) {
        set_timeout(move || write(live), WRITE_AFTER);
    }
}

fn write(live: Live) {
    // The view may be gone by now, and its signals with it.
    let log = live.linked.try_update_value(|linked| {
        linked.is_due = false;
        let sought = linked.sought.as_ref().map(|sought| sought.line().clone());
        sought.or_else(|| linked.opened.clone())
    });
    let (Some(log), Some(window)) = (log, leptos::web_sys::window()) else { return };
    if live.links.try_get_untracked() != Some(true) {
        return;
    }
    let link = Link { log, query: live.query() };
    if host(live).is_some() {
        return report(live, &link);
    }
    if let (Some((address, before)), Ok(history)) = (parts(&window), window.history()) {
        let fragment = link.written_into(&before);
        if fragment != before {
            let mark = if fragment.is_empty() { "" } else { "#" };
            // Not relative, since the page may have a base address. This fails in documents that
            // have none of their own.
            let state = history.state().unwrap_or(JsValue::NULL);
            let url = format!("{address}{mark}{fragment}");
            let _ = history.replace_state_with_url(&state, "", Some(&url));
        }
    }
}

/// Tells the host the link, unless it has that already.
fn report(live: Live, link: &Link) {
    let fragment = live.linked.update_value(|linked| linked.hosted.reported(link));
    // Nothing is borrowed meanwhile, since the host may call back.
    if let (Some(fragment), Some(host)) = (fragment, host(live)) {
        host(&fragment);
    }
}

/// Returns the address of the page, and its fragment.
fn parts(window: &Window) -> Option<(String, String)> {
    let href = window.location().href().ok()?;
    let (address, fragment) = href.split_once('#').unwrap_or((&href, ""));
    Some((address.to_owned(), fragment.to_owned()))
}

const WRITE_AFTER: Duration = Duration::from_millis(500);
