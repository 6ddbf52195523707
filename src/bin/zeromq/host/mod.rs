//! The reference host: a small interpreter for the part of Morpho 0.6.4 that the
//! examples and tests of this library need. It prints what Morpho prints, or it
//! says `not supported by the reference host: …`; it does not guess.
//!
//! A script goes from `source` (its text) through `grammar` (a tree) and
//! `resolve` (names to slots, and all refusals) to the `interpreter`, which walks
//! the tree. The classes of ZeroMQ come from the shared library, through
//! `crate::host::plugin`.

pub mod builtins;
pub mod call;
pub mod dictionary;
pub mod error;
mod evaluate;
mod execute;
pub mod grammar;
mod grammar_actions;
pub mod hints;
pub mod interpreter;
mod operators;
pub mod plugin;
pub mod resolve;
pub mod source;
pub mod syntax;
mod text;
pub mod value;
