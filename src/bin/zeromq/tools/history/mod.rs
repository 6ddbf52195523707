//! History: `zeromq record` writes messages into an SQLite file, `zeromq replay` sends them
//! again, and `zeromq history` shows them.
//!
//! | module | what it does |
//! | --- | --- |
//! | `store` | the file: its schema, writing, reading, removing what is old |
//! | `recording`, `source`, `files` | writing and reading a history of one file or several |
//! | `buffer`, `block` | messages between threads |
//! | `range`, `arguments` | which messages are meant |

mod arguments;
mod block;
mod buffer;
mod files;
mod range;
pub mod record;
mod recording;
pub mod replay;
pub mod show;
mod source;
mod store;
