//! Bytes in the form in which C has them: where they are, and how many.

use std::marker::PhantomData;

/// Where some bytes are, in the form in which C has it.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(crate) struct View {
    /// The first byte.
    pub data: *const u8,
    /// The number of bytes.
    pub size: usize,
}

/// Bytes that can be sent, in the form in which C has them.
#[repr(transparent)]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bytes<'a>(pub(super) View, PhantomData<&'a [u8]>);

impl<'a> From<&'a [u8]> for Bytes<'a> {
    #[inline]
    fn from(bytes: &'a [u8]) -> Bytes<'a> {
        Bytes(View { data: bytes.as_ptr(), size: bytes.len() }, PhantomData)
    }
}
