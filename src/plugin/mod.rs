//! The neutral host ABI.

pub mod abi;
