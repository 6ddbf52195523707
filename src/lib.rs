//! ZeroMQ for embedded scripting languages.

pub mod plugin;
