//! Expands the parsed elements of a view. Knows nothing of the browser.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use rstml::Infallible;
use rstml::node::{KeyedAttribute, Node, NodeAttribute, NodeElement};

/// Why a view cannot be expanded, and at which token.
type Refused = (TokenStream, String);

/// Expands the content of `view!`, to a `compile_error!` if it is not supported.
pub(crate) fn view(input: TokenStream) -> TokenStream {
    try_view(input).unwrap_or_else(|(at, message)| {
        let span = at.into_iter().next().map_or_else(Span::call_site, |token| token.span());
        quote_spanned! { span => compile_error!(#message) }
    })
}

fn try_view(input: TokenStream) -> Result<TokenStream, Refused> {
    let (class, html) = split_class(input)?;
    let nodes = rstml::parse2(html)
        .map_err(|error| (error.to_compile_error(), format!("view: {error}")))?;
    match nodes.as_slice() {
        [Node::Element(root)] => {
            let (shape, calls) = element(root, &class)?;
            let built = quote! { crate::ui::built::Built::new(#shape) };
            if calls.is_empty() {
                return Ok(built);
            }
            Ok(quote! {{
                let mut built = #built;
                #(#calls)*
                built
            }})
        }
        _ => Err((quote!(), "view: expected one element".to_owned())),
    }
}

/// Splits `class="name",` from what follows.
fn split_class(input: TokenStream) -> Result<(String, TokenStream), Refused> {
    let mut tokens = input.into_iter();
    let head: Vec<TokenTree> = tokens.by_ref().take(4).collect();
    let texts: Vec<String> = head.iter().map(ToString::to_string).collect();
    match texts.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["class", "=", class, ","] if class.starts_with('"') => {
            Ok((class.trim_matches('"').to_owned(), tokens.collect()))
        }
        _ => Err((
            head.into_iter().collect(),
            "view: expected a class for all elements first, such as class=\"dsl\",".to_owned(),
        )),
    }
}

/// Returns the text of an element's shape and the calls that complete the element.
fn element(
    node: &NodeElement<Infallible>,
    class: &str,
) -> Result<(String, Vec<TokenStream>), Refused> {
    let tag = node.name().to_string();
    if !tag.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit()) {
        let message =
            format!("view: expected an HTML element; got {tag}: call a component's function");
        return Err((node.name().to_token_stream(), message));
    }
    let mut shape = Shape { parts: vec![tag], classes: class.to_owned() };
    let mut calls = Vec::new();
    for attribute in node.attributes() {
        let NodeAttribute::Attribute(attribute) = attribute else {
            let message = "view: expected name=value; blocks are not supported".to_owned();
            return Err((attribute.to_token_stream(), message));
        };
        calls.extend(shape.attribute(attribute)?);
    }
    for child in node.children() {
        match child {
            Node::Element(child) => {
                let (shape, inner) = element(child, class)?;
                calls.push(quote! { built.open(#shape); });
                calls.extend(inner);
                calls.push(quote! { built.close(); });
            }
            Node::Text(text) => calls.push(quote! { built.child(#text); }),
            Node::Block(block) => calls.push(quote! {
                #[allow(unused_braces)]
                built.child(#block);
            }),
            Node::Comment(_) => {}
            other => {
                let message = "view: expected an element, a text in quotes or a block".to_owned();
                return Err((other.to_token_stream(), message));
            }
        }
    }
    Ok((shape.into_text(), calls))
}

/// The tag and the literal attributes of an element.
struct Shape {
    /// The tag, then names and values in turn.
    parts: Vec<String>,
    classes: String,
}

impl Shape {
    /// Adds a literal attribute to the shape, or returns the call that sets another one.
    fn attribute(&mut self, attribute: &KeyedAttribute) -> Result<Option<TokenStream>, Refused> {
        let name = attribute.key.to_string();
        let Some(value) = attribute.value() else {
            self.parts.extend([name, String::new()]);
            return Ok(None);
        };
        let literal = attribute.value_literal_string();
        if literal.as_deref().is_some_and(|literal| literal.contains(SEPARATOR)) {
            let message = format!("view: expected one line as the value of {name}");
            return Err((value.to_token_stream(), message));
        }
        Ok(match (name.split_once(':'), literal) {
            (Some(("on", event)), _) => {
                let event = proc_macro2::Ident::new(event, Span::call_site());
                Some(quote! { built.on(&::leptos::ev::#event, #value); })
            }
            (Some(("prop", "textContent")), _) => Some(quote! { built.text_content(#value); }),
            (Some(_), _) => {
                let message =
                    format!("view: expected on: or prop:textContent; {name} is not supported");
                return Err((attribute.to_token_stream(), message));
            }
            (None, _) if name == "node_ref" => Some(quote! { built.refer(#value); }),
            (None, Some(literal)) if name == "class" => {
                self.classes = format!("{} {literal}", self.classes);
                None
            }
            (None, None) if name == "class" => {
                let classes = format!("{} ", self.classes);
                Some(quote! { built.class(#classes, #value); })
            }
            (None, Some(literal)) => {
                self.parts.extend([name, literal]);
                None
            }
            (None, None) => Some(quote! { built.attribute(#name, #value); }),
        })
    }

    fn into_text(self) -> String {
        let mut parts = self.parts;
        parts.extend(["class".to_owned(), self.classes]);
        parts.join(&SEPARATOR.to_string())
    }
}

/// Separates the parts of a shape. `Built::new` splits it.
const SEPARATOR: char = '\n';

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(input: TokenStream) -> String {
        view(input).to_string()
    }

    fn expect(input: TokenStream, expected: TokenStream) {
        assert_eq!(expanded(input), expected.to_string());
    }

    #[test]
    fn a_tag_and_its_literals_are_one_text() {
        expect(
            quote! { class="dsl", <input type="search" class="dsl-input" disabled/> },
            quote! {
                crate::ui::built::Built::new(
                    "input\ntype\nsearch\ndisabled\n\nclass\ndsl dsl-input"
                )
            },
        );
    }

    #[test]
    fn everything_else_is_a_call_in_order() {
        expect(
            quote! { class="dsl",
                <p node_ref=list hidden=flag(a) class=b on:click=c prop:textContent=d>"Text" {e}</p>
            },
            quote! {{
                let mut built = crate::ui::built::Built::new("p\nclass\ndsl");
                built.refer(list);
                built.attribute("hidden", flag(a));
                built.class("dsl ", b);
                built.on(&::leptos::ev::click, c);
                built.text_content(d);
                built.child("Text");
                #[allow(unused_braces)]
                built.child({ e });
                built
            }},
        );
    }

    #[test]
    fn children_have_the_class_too() {
        expect(
            quote! { class="dsl", <ol dir="ltr"><li prop:textContent=a></li></ol> },
            quote! {{
                let mut built = crate::ui::built::Built::new("ol\ndir\nltr\nclass\ndsl");
                built.open("li\nclass\ndsl");
                built.text_content(a);
                built.close();
                built
            }},
        );
    }

    #[test]
    fn what_is_not_supported_is_refused() {
        for (input, expected) in [
            (quote! { <p></p> }, "a class for all elements"),
            (quote! { class="dsl", <p></p><p></p> }, "one element"),
            (quote! { class="dsl", <Show/> }, "got Show"),
            (quote! { class="dsl", <p style:top="0"></p> }, "style:top is not supported"),
            (quote! { class="dsl", <p title="a\nb"></p> }, "one line as the value of title"),
            (quote! { class="dsl", <p {..more}></p> }, "blocks are not supported"),
            (quote! { class="dsl", <><p></p></> }, "one element"),
            (quote! { class="dsl", <p><></></p> }, "an element, a text in quotes or a block"),
        ] {
            let expanded = expanded(input.clone());
            assert!(
                expanded.starts_with("compile_error") && expanded.contains(expected),
                "{input}: {expanded}"
            );
        }
    }
}
