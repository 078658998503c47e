//! JSON as publishers send it: walked token by token without a tree, and normalised so that every
//! reader's parser accepts it and understands the same.

pub(crate) mod edits;
pub(crate) mod keys;
pub(crate) mod lexer;
pub(crate) mod normalize;
pub(crate) mod text;
