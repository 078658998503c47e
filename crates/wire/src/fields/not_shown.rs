//! Takes the place of `shown.rs` where there is no view.

use std::marker::PhantomData;

use super::Meaning;

/// What is needed where nothing is shown: no field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Shown<'a>(PhantomData<&'a str>);

impl<'a> Shown<'a> {
    pub(super) fn visit(&mut self, _: Meaning, _: &'a str) {}
}
