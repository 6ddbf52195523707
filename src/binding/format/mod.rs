//! Values of scripts as messages: JSON and MessagePack.

mod decode;
mod encode;

pub(super) use encode::Format;
