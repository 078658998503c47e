//! What the keys of the viewer do. One table decides, and is also what the list of shortcuts shows.
//! Knows no element and no event.

use crate::viewport::Step;
use crate::words::{Word, Words};

/// What a key does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Makes another row the current one.
    Go(Step),
    /// Goes to the uppermost row.
    Top,
    /// Goes to the lowest row.
    End,
    /// Opens the entry of the current row, or closes it.
    Open,
    /// Shows all lines of the current row.
    Unfold,
    /// Shows only the first line of the current row.
    Fold,
    /// Closes the opened entry.
    Close,
    /// Goes to the search field.
    Search,
    /// Goes to the nearest error below the current row.
    ErrorBelow,
    /// Goes to the nearest error above the current row.
    ErrorAbove,
    /// Goes to the next older match, which is below the current one.
    NextMatch,
    /// Goes to the next newer match.
    PreviousMatch,
    /// Stops the view, or lets it follow the log again.
    Pause,
    /// Wraps lines, or shows each in one row.
    Wrap,
    /// Shows the rows in the other order.
    Order,
    /// Copies the entry of the current row.
    Copy,
    /// Pins the current row, or unpins it.
    Pin,
    /// Marks the place at which the reader is, or removes the mark.
    Mark,
    /// Shows the list of shortcuts.
    Help,
}

/// A key as the browser reports it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key<'a> {
    /// What the key means in the reader's keyboard layout: `/`, `G`, `ArrowDown`.
    pub name: &'a str,
    /// Whether Ctrl, Alt or Meta is held, which makes it a key of the browser or the system.
    pub has_modifier: bool,
    /// Whether Shift is held. The name of a character includes it already.
    pub has_shift: bool,
    /// Whether it is part of a character that is being composed.
    pub is_composing: bool,
}

/// What has the focus inside the viewer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Focus {
    /// The list or one of its rows.
    List,
    /// Another control, or the opened entry.
    Elsewhere,
    /// A field into which the reader types, or a menu that selects by typing.
    Field,
    /// The list of shortcuts, or another dialog.
    Dialog,
}

/// Keys that do the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shortcut {
    /// The names of the keys.
    pub keys: &'static [&'static str],
    /// What each of them does.
    pub action: Action,
    /// What they do, in words.
    pub label: Word,
    /// Whether they act only in the list, because other elements need them.
    is_for_list: bool,
}

/// All shortcuts, in the order in which they are listed.
pub const SHORTCUTS: &[Shortcut] = &[
    in_list(&["ArrowDown", "j"], Action::Go(Step::Down), Word::NextRow),
    in_list(&["ArrowUp", "k"], Action::Go(Step::Up), Word::PreviousRow),
    in_list(&["PageDown"], Action::Go(Step::PageDown), Word::OnePageDown),
    in_list(&["PageUp"], Action::Go(Step::PageUp), Word::OnePageUp),
    in_list(&["Home", "g"], Action::Top, Word::TopOfList),
    in_list(&["End", "G"], Action::End, Word::EndOfList),
    in_list(&["Enter"], Action::Open, Word::OpenOrClose),
    in_list(&["ArrowRight"], Action::Unfold, Word::UnfoldRow),
    in_list(&["ArrowLeft"], Action::Fold, Word::FoldRow),
    anywhere(&["Escape"], Action::Close, Word::CloseEntry),
    anywhere(&["/"], Action::Search, Word::Search),
    anywhere(&["e"], Action::ErrorBelow, Word::NextError),
    anywhere(&["E"], Action::ErrorAbove, Word::PreviousError),
    anywhere(&["n"], Action::NextMatch, Word::NextMatch),
    anywhere(&["N"], Action::PreviousMatch, Word::PreviousMatch),
    anywhere(&["p"], Action::Pause, Word::PauseOrResume),
    anywhere(&["w"], Action::Wrap, Word::WrapLines),
    anywhere(&["o"], Action::Order, Word::NewestOrOldest),
    anywhere(&["c"], Action::Copy, Word::CopyEntry),
    anywhere(&["P"], Action::Pin, Word::PinOrUnpin),
    anywhere(&["m"], Action::Mark, Word::MarkPlace),
    anywhere(&["?"], Action::Help, Word::ShowShortcuts),
];

/// Returns what `key` does while `focus` has the focus, or `None` to leave it to the browser.
#[must_use]
pub fn action(key: Key<'_>, focus: Focus) -> Option<Action> {
    // With Shift, a key that types nothing extends a selection or moves the focus back.
    let is_shifted = key.has_shift && key.name.len() > 1;
    if key.has_modifier
        || key.is_composing
        || is_shifted
        || matches!(focus, Focus::Field | Focus::Dialog)
    {
        return None;
    }
    let shortcut = SHORTCUTS.iter().find(|shortcut| shortcut.keys.contains(&key.name))?;
    (focus == Focus::List || !shortcut.is_for_list).then_some(shortcut.action)
}

/// Returns the name of a key as it is printed on keyboards.
#[must_use]
pub fn printed<'a>(key: &'static str, words: &'a Words) -> &'a str {
    words.text(match key {
        "ArrowDown" => return "↓",
        "ArrowUp" => return "↑",
        "ArrowRight" => return "→",
        "ArrowLeft" => return "←",
        "PageDown" => Word::KeyPageDown,
        "PageUp" => Word::KeyPageUp,
        "Home" => Word::KeyHome,
        "End" => Word::KeyEnd,
        "Enter" => Word::KeyEnter,
        "Escape" => Word::KeyEscape,
        other => return other,
    })
}

const fn in_list(keys: &'static [&'static str], action: Action, label: Word) -> Shortcut {
    Shortcut { keys, action, label, is_for_list: true }
}

const fn anywhere(keys: &'static [&'static str], action: Action, label: Word) -> Shortcut {
    Shortcut { keys, action, label, is_for_list: false }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(name: &str) -> Key<'_> {
        Key { name, has_modifier: false, has_shift: false, is_composing: false }
    }

    #[test]
    fn each_key_has_one_meaning() {
        let mut keys: Vec<_> = SHORTCUTS.iter().flat_map(|shortcut| shortcut.keys).collect();
        let count = keys.len();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), count);
    }

    #[test]
    fn every_listed_key_acts_in_the_list() {
        for shortcut in SHORTCUTS {
            for name in shortcut.keys {
                assert_eq!(action(key(name), Focus::List), Some(shortcut.action), "{name}");
            }
            assert!(!shortcut.label.english().is_empty());
        }
    }

    #[test]
    fn keys_that_other_controls_need_act_in_the_list_only() {
        for name in ["ArrowDown", "ArrowUp", "PageDown", "PageUp", "Home", "End", "Enter"] {
            assert_eq!(action(key(name), Focus::Elsewhere), None, "{name}");
        }
        assert_eq!(action(key("Escape"), Focus::Elsewhere), Some(Action::Close));
        assert_eq!(action(key("e"), Focus::Elsewhere), Some(Action::ErrorBelow));
    }

    #[test]
    fn a_shifted_letter_is_another_key_and_a_shifted_arrow_is_none() {
        let shifted = |name| action(Key { has_shift: true, ..key(name) }, Focus::List);
        assert_eq!(shifted("E"), Some(Action::ErrorAbove));
        // On a German keyboard, "/" is Shift and 7.
        assert_eq!(shifted("/"), Some(Action::Search));
        assert_eq!([shifted("ArrowDown"), shifted("Enter"), shifted("Tab")], [None, None, None]);
    }

    proptest! {
        #[test]
        fn typing_composing_and_browser_shortcuts_are_left_alone(
            index in 0..SHORTCUTS.len(),
            other in "\\PC{0,8}",
            has_shift: bool,
        ) {
            for name in SHORTCUTS[index].keys.iter().copied().chain([other.as_str()]) {
                let key = Key { has_shift, ..key(name) };
                prop_assert_eq!(action(key, Focus::Field), None);
                prop_assert_eq!(action(key, Focus::Dialog), None);
                for focus in [Focus::List, Focus::Elsewhere] {
                    let modified = Key { has_modifier: true, ..key };
                    prop_assert_eq!(action(modified, focus), None);
                    prop_assert_eq!(action(Key { is_composing: true, ..key }, focus), None);
                }
            }
        }
    }
}
