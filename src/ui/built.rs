//! Elements as `view!` builds them, with what keeps them up to date.
//!
//! Its functions are shared by all elements: each generic one only boxes a closure. See
//! `logs_view_macro` for the reason.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use gloo_events::{EventListener, EventListenerOptions};
use leptos::ev::EventDescriptor;
use leptos::html::ElementType;
use leptos::prelude::*;
use leptos::web_sys::{Element, Event, Node};
pub(crate) use logs_view_macro::view;
use wasm_bindgen::JsCast;

use crate::ui::later::{self, Part};
use crate::ui::live::Live;

/// An element or a fragment, and the effects and listeners that are active while this is held.
#[must_use = "its listeners are removed on drop"]
pub(crate) struct Built {
    /// What calls refer to: the element, or one inside it that is open.
    node: Node,
    kept: Vec<Kept>,
}

/// What an element owns.
#[expect(dead_code, reason = "held for its drop")]
enum Kept {
    Effect(RenderEffect<()>),
    Listener(EventListener),
}

impl Built {
    /// Creates an element from its shape: its tag, and the names and values of its attributes,
    /// separated by line breaks.
    pub(crate) fn new(shape: &str) -> Self {
        Self::of(create(shape))
    }

    /// Wraps an element that exists already, to add to it.
    pub(crate) fn of(element: Element) -> Self {
        Self { node: element.into(), kept: Vec::new() }
    }

    /// Creates a fragment, to add to.
    pub(crate) fn fragment() -> Self {
        Self { node: document().create_document_fragment().into(), kept: Vec::new() }
    }

    /// Appends a mark, [before which](Self::put_before) a fragment can be put later.
    pub(crate) fn anchor(&self) -> Node {
        // A text without characters is not rendered.
        let anchor: Node = document().create_text_node("").into();
        self.append(&anchor);
        anchor
    }

    /// Puts the content of a fragment before `anchor`.
    pub(crate) fn put_before(&self, anchor: &Node) {
        // This fails only for an anchor that has moved in the meantime.
        let _ = anchor.parent_node().map(|parent| parent.insert_before(&self.node, Some(anchor)));
    }

    /// Appends an element of this shape, to which calls refer until it is [closed](Self::close).
    pub(crate) fn open(&mut self, shape: &str) {
        let element = create(shape).into();
        self.append(&element);
        self.node = element;
    }

    /// Returns from an element that was opened to the one around it.
    pub(crate) fn close(&mut self) {
        if let Some(parent) = self.node.parent_node() {
            self.node = parent;
        }
    }

    /// Sets an attribute, now or whenever a signal that the value reads changes.
    pub(crate) fn attribute(&mut self, name: &'static str, value: impl Binding) {
        value.bind(self, Place::Attribute(name));
    }

    /// Sets the classes to `first`, which ends with a space, and `classes`.
    pub(crate) fn class(&mut self, first: &'static str, classes: impl Binding) {
        classes.bind(self, Place::Class(first));
    }

    /// Sets the content to a text.
    pub(crate) fn text_content(&mut self, text: impl Binding) {
        text.bind(self, Place::Content);
    }

    /// Calls `handler` with each event of a kind.
    pub(crate) fn on<E>(&mut self, event: &E, handler: impl FnMut(E::EventType) + 'static)
    where
        E: EventDescriptor,
        E::EventType: JsCast,
    {
        let mut handler = handler;
        self.listen(event.name(), Box::new(move |event| handler(event.unchecked_into())));
    }

    /// Fills `reference` with the element.
    pub(crate) fn refer<E>(&mut self, reference: NodeRef<E>)
    where
        E: ElementType,
        E::Output: JsCast,
    {
        reference.element.set(Some(self.element().clone()));
    }

    /// Appends a child: an element, a text, nothing, or a function that returns one of these and
    /// is called again whenever a signal that it reads changes.
    pub(crate) fn child(&mut self, child: impl Child) {
        child.add_to(self);
    }

    /// Returns the element itself, for interfaces of the browser.
    pub(crate) fn element(&self) -> &Element {
        self.node.unchecked_ref()
    }

    fn listen(&mut self, name: Cow<'static, str>, mut handler: Box<dyn FnMut(Event)>) {
        // Handlers may prevent what the browser does by default.
        let options = EventListenerOptions::enable_prevent_default();
        let listener =
            EventListener::new_with_options(self.element(), name, options, move |event| {
                handler(event.clone());
            });
        self.kept.push(Kept::Listener(listener));
    }

    /// Writes what `value` returns, now and whenever it changes.
    fn follow(&mut self, place: Place, value: Box<dyn Fn() -> Value>) {
        let element = self.element().clone();
        let mut written = None;
        self.keep_running(Box::new(move || {
            let value = Some(value());
            if value != written {
                written = value;
                written.iter().for_each(|value| place.write(&element, value));
            }
        }));
    }

    /// Shows what `build` adds to a fragment, now and again whenever a signal that it reads
    /// changes.
    fn slot(&mut self, build: Box<dyn Fn(&mut Self)>) {
        let anchor = self.anchor();
        let mut shown: Option<(Vec<Node>, Vec<Kept>)> = None;
        self.keep_running(Box::new(move || {
            let Some(parent) = anchor.parent_node() else { return };
            if let Some((nodes, kept)) = shown.take() {
                drop(kept);
                for node in &nodes {
                    // This fails only for a node that is gone.
                    let _ = parent.remove_child(node);
                }
            }
            let mut fragment = Self::fragment();
            build(&mut fragment);
            let nodes: Vec<Node> =
                std::iter::successors(fragment.node.first_child(), Node::next_sibling).collect();
            fragment.put_before(&anchor);
            shown = Some((nodes, fragment.kept));
        }));
    }

    fn keep_running(&mut self, mut act: Box<dyn FnMut()>) {
        self.kept.push(Kept::Effect(RenderEffect::new(move |_| act())));
    }

    fn append(&self, node: &Node) {
        // This fails only for a node that cannot have children.
        let _ = self.node.append_child(node);
    }
}

/// Where `view!` notes an element. All kinds of elements share its code, unlike that of Leptos' type
/// of the same name.
pub(crate) struct NodeRef<E> {
    element: RwSignal<Option<Element>, LocalStorage>,
    kind: PhantomData<fn() -> E>,
}

impl<E> Clone for NodeRef<E> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<E> Copy for NodeRef<E> {}

impl<E> fmt::Debug for NodeRef<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NodeRef")
    }
}

impl<E> NodeRef<E>
where
    E: ElementType,
    E::Output: JsCast,
{
    /// Creates a reference to no element yet.
    pub(crate) fn new() -> Self {
        Self { element: RwSignal::new_local(None), kind: PhantomData }
    }

    /// Returns the element as soon as there is one. An effect runs again when there is.
    pub(crate) fn get(self) -> Option<E::Output> {
        tracked(self.element).map(JsCast::unchecked_into)
    }

    /// Returns the element, if there is one yet.
    pub(crate) fn get_untracked(self) -> Option<E::Output> {
        untracked(self.element).map(JsCast::unchecked_into)
    }
}

#[inline(never)]
fn tracked(element: RwSignal<Option<Element>, LocalStorage>) -> Option<Element> {
    element.get()
}

#[inline(never)]
fn untracked(element: RwSignal<Option<Element>, LocalStorage>) -> Option<Element> {
    element.get_untracked()
}

/// Where a value is written.
#[derive(Clone, Copy)]
pub(crate) enum Place {
    Attribute(&'static str),
    /// The attribute `class`, after these classes.
    Class(&'static str),
    /// The content, as a single text.
    Content,
}

impl Place {
    fn write(self, element: &Element, value: &Value) {
        let text = match value {
            Value::Text(text) => &**text,
            Value::Present | Value::Absent => "",
        };
        match self {
            Self::Content => element.set_text_content(Some(text)),
            Self::Class(first) => element.set_class_name(&[first, text].concat()),
            // This fails only for an invalid name.
            Self::Attribute(name) if *value == Value::Absent => {
                let _ = element.remove_attribute(name);
            }
            Self::Attribute(name) => set_attribute(element, name, text),
        }
    }
}

/// The value of an attribute or a text.
#[derive(PartialEq)]
pub(crate) enum Value {
    /// There is no such attribute.
    Absent,
    /// The attribute has no value.
    Present,
    Text(Cow<'static, str>),
}

impl From<bool> for Value {
    fn from(is_present: bool) -> Self {
        if is_present { Self::Present } else { Self::Absent }
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl From<&'static str> for Value {
    fn from(text: &'static str) -> Self {
        Self::Text(text.into())
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Absent, Into::into)
    }
}

/// What `view!` accepts as a value: one, or a function that returns it.
pub(crate) trait Binding {
    /// Writes the value to `place`.
    fn bind(self, built: &mut Built, place: Place);
}

macro_rules! bind_once {
    ($($kind:ty),*) => {$(
        impl Binding for $kind {
            fn bind(self, built: &mut Built, place: Place) {
                place.write(built.element(), &self.into());
            }
        }
    )*};
}

bind_once!(bool, String, Option<String>, &'static str);

impl<T: Into<Value>, F: Fn() -> T + 'static> Binding for F {
    fn bind(self, built: &mut Built, place: Place) {
        built.follow(place, Box::new(move || self().into()));
    }
}

/// What `view!` accepts as a child.
pub(crate) trait Child {
    /// Appends this to `parent`.
    fn add_to(self, parent: &mut Built);
}

impl Child for Built {
    fn add_to(self, parent: &mut Built) {
        parent.append(&self.node);
        parent.kept.extend(self.kept);
    }
}

/// A part of the view that may be built later.
impl Child for (Part, Live) {
    fn add_to(self, parent: &mut Built) {
        later::part(parent, self.0, self.1);
    }
}

impl Child for &str {
    fn add_to(self, parent: &mut Built) {
        parent.append(&document().create_text_node(self));
    }
}

impl Child for String {
    fn add_to(self, parent: &mut Built) {
        self.as_str().add_to(parent);
    }
}

impl<C: Child> Child for Option<C> {
    fn add_to(self, parent: &mut Built) {
        if let Some(child) = self {
            child.add_to(parent);
        }
    }
}

impl<C: Child, F: Fn() -> C + 'static> Child for F {
    fn add_to(self, parent: &mut Built) {
        parent.slot(Box::new(move |fragment| self().add_to(fragment)));
    }
}

fn create(shape: &str) -> Element {
    let mut parts = shape.split('\n');
    let Ok(element) = document().create_element(parts.next().unwrap_or_default()) else {
        unreachable!("view! accepts names of elements only")
    };
    while let (Some(name), Some(value)) = (parts.next(), parts.next()) {
        set_attribute(&element, name, value);
    }
    element
}

fn set_attribute(element: &Element, name: &str, value: &str) {
    // This fails only for an invalid name.
    let _ = element.set_attribute(name, value);
}
