//! `view!` in the syntax of Leptos, expanded to calls of `crate::ui::built::Built`.
//!
//! Leptos gives each element a type of its own, whose construction, rendering and drop are compiled
//! separately: about 170 bytes per element after brotli. Here a tag and its literal attributes are
//! one static text, and everything else is a call to a function that all elements share.
//!
//! Supported is what the views use: elements with attributes, `prop:textContent`, `on:event` and
//! `node_ref`, and as children elements, texts and blocks. Anything else is an error.

mod expand;

use proc_macro::TokenStream;

/// Builds an element from HTML in the syntax of Leptos. It begins with a class for all elements:
/// `view! { class="dsl", <p>"Text"</p> }`.
#[proc_macro]
pub fn view(input: TokenStream) -> TokenStream {
    expand::view(input.into()).into()
}
