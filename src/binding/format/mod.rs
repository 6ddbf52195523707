//! Values of scripts as messages: JSON and MessagePack.

mod cost;
mod decode;
mod encode;

pub(crate) use encode::Format;
