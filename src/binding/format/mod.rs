//! Values of scripts as messages: JSON and MessagePack.

mod cost;
mod decode;
mod encode;

pub(super) use encode::Format;
