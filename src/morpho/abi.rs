//! The memory layout of Morpho as its extensions see it in all 0.6 releases: the bits
//! of values, the headers of objects, the tables of classes. No other module knows it.

use std::ffi::{c_char, c_void};
use std::marker::PhantomData;
use std::mem::{offset_of, size_of};

use crate::binding::Handle;

/// The virtual machine, which extensions only pass along.
#[repr(C)]
pub(super) struct Vm {
    _opaque: [u8; 0],
}

/// A native function or method. `arguments[0]` is the receiver.
pub(super) type Native<V> = unsafe extern "C" fn(vm: *mut Vm, count: i32, arguments: *mut V) -> V;

/// The header of every object.
#[repr(C)]
pub(super) struct Header {
    pub kind: i32,
    status: i32,
    hash: u32,
    next: *mut Header,
}

/// A string. Its bytes follow the struct but are accessed through the pointer.
#[repr(C)]
pub(super) struct StringObject {
    header: Header,
    pub length: usize,
    pub bytes: *mut u8,
}

/// A dictionary: an open-addressing table in which free entries have a nil key.
#[repr(C)]
pub(super) struct DictionaryObject<V> {
    header: Header,
    pub table: Table<V>,
}

#[repr(C)]
pub(super) struct Table<V> {
    pub capacity: u32,
    pub count: u32,
    pub entries: *mut [V; 2],
}

/// A bound method of an instance, as a value.
#[repr(C)]
pub(super) struct InvocationObject<V> {
    header: Header,
    pub receiver: V,
    pub method: V,
}

/// What an object type tells the garbage collector.
#[repr(C)]
pub(super) struct TypeDefinition {
    /// Ignored by `object_addtype`.
    pub veneer: *mut c_void,
    pub free: Option<unsafe extern "C" fn(object: *mut Header)>,
    pub mark: Option<unsafe extern "C" fn(object: *mut Header, vm: *mut c_void)>,
    pub size: Option<unsafe extern "C" fn(object: *mut Header) -> usize>,
    pub print: Option<unsafe extern "C" fn(object: *mut Header, vm: *mut c_void)>,
    pub hash: Option<unsafe extern "C" fn(object: *mut Header) -> u32>,
    pub compare: Option<unsafe extern "C" fn(one: *mut Header, other: *mut Header) -> i32>,
}

/// A row of a class in 0.6.0. The last one has no name.
#[repr(C)]
pub(super) struct ShortEntry<V> {
    pub kind: i32,
    pub name: *const c_char,
    pub flags: u32,
    pub function: Option<Native<V>>,
}

/// A row of a class since 0.6.1. The signature differs in meaning between releases, so
/// it is not used.
#[repr(C)]
pub(super) struct LongEntry<V> {
    pub kind: i32,
    pub name: *const c_char,
    pub signature: *const c_char,
    pub flags: u32,
    pub function: Option<Native<V>>,
}

/// The size of a message in Morpho, including the NUL.
pub(super) const MESSAGE: usize = 255;

/// An error or a warning.
#[repr(C)]
pub(super) struct ErrorRecord {
    pub category: i32,
    pub id: *const c_char,
    pub file: *const c_char,
    pub line: i32,
    pub position: i32,
    pub message: [u8; MESSAGE],
}

/// The category of a warning, which does not stop the program.
pub(super) const WARNING: i32 = 1;
/// The category of an error of an extension.
pub(super) const USER: i32 = 3;

const _: () = {
    assert!(size_of::<Header>() == 24 && offset_of!(Header, next) == 16);
    assert!(offset_of!(StringObject, length) == 24 && offset_of!(StringObject, bytes) == 32);
    assert!(size_of::<Table<Boxed063>>() == 16);
    assert!(size_of::<DictionaryObject<Boxed063>>() == 40);
    assert!(offset_of!(InvocationObject<Boxed063>, method) == 32);
    assert!(offset_of!(InvocationObject<Tagged>, method) == 40);
    assert!(size_of::<TypeDefinition>() == 56);
    assert!(size_of::<ShortEntry<Boxed063>>() == 32);
    assert!(size_of::<LongEntry<Boxed063>>() == 40);
    assert!(size_of::<ErrorRecord>() == 288 && offset_of!(ErrorRecord, message) == 32);
    assert!(size_of::<Boxed063>() == 8 && size_of::<Boxed064>() == 8 && size_of::<Tagged>() == 16);
};

/// A value of the virtual machine, in one of its layouts.
pub(super) trait Bits: Copy + 'static {
    fn nil() -> Self;
    fn bool(value: bool) -> Self;
    fn int(value: i32) -> Self;
    fn float(value: f64) -> Self;
    /// Returns a number that an object of Morpho may hold. Some releases make a value of its
    /// bits when a script reads it, so that the bits of a NaN could become any object.
    fn number(value: f64) -> f64 {
        value
    }
    fn object(object: *mut Header) -> Self;
    fn view(self) -> View;
    /// Returns true if the bits are the same.
    fn is(self, other: Self) -> bool;
    /// Conversion to a handle of the binding, and back.
    fn handle(self) -> Handle;
    fn of(handle: Handle) -> Self;
}

/// The kind and content of a value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum View {
    Nil,
    Bool(bool),
    Int(i32),
    Float(f64),
    Object(*mut Header),
}

/// The layouts of values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    Boxed063,
    Boxed064,
    Tagged,
}

impl Layout {
    /// Returns the layout in which `first` is the first eight bytes of a string value.
    pub fn of(first: u64) -> Option<Layout> {
        match first >> 48 {
            0xfffc => Some(Layout::Boxed063),
            0x7ffc => Some(Layout::Boxed064),
            _ if first as u32 == Tagged::OBJECT as u32 => Some(Layout::Tagged),
            _ => None,
        }
    }
}

/// A value in the bits of a number: everything that is not a number is boxed in a NaN.
/// The two schemes that Morpho has used differ only in these bits.
pub(super) trait Nan: Copy + 'static {
    const NIL: u64;
    const BOOL: u64;
    const INT: u64;
    const OBJECT: u64;
    /// The bits that distinguish these kinds.
    const TAG: u64;
    const POINTER: u64;

    /// Whether Morpho makes a value of a number by its bits.
    const RAW: bool;

    /// Returns true if the bits are those of a number.
    fn is_number(bits: u64) -> bool;
}

/// A value boxed by the scheme N.
#[repr(transparent)]
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Boxed<N>(u64, PhantomData<N>);

/// The scheme of 0.6.0 to 0.6.3: the object tag is bit 50 with the sign.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Nan063;

/// The scheme of 0.6.4: bits 48 to 50 are the tag, regardless of the sign.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Nan064;

/// Values of 0.6.0 to 0.6.3.
pub(super) type Boxed063 = Boxed<Nan063>;
/// Values of 0.6.4.
pub(super) type Boxed064 = Boxed<Nan064>;

impl Nan for Nan063 {
    const NIL: u64 = 0x7ffc_8000_0000_0000;
    const BOOL: u64 = 0x7ffd_0000_0000_0000;
    const INT: u64 = 0x7ffd_8000_0000_0000;
    const OBJECT: u64 = 0xfffc_0000_0000_0000;
    const TAG: u64 = 0xffff_8000_0000_0000;
    const POINTER: u64 = 0x0003_ffff_ffff_ffff;
    const RAW: bool = true;

    fn is_number(bits: u64) -> bool {
        const QUIET: u64 = 0x7ffc_0000_0000_0000;
        bits & QUIET != QUIET
    }
}

impl Nan for Nan064 {
    const NIL: u64 = 0x7ff9_0000_0000_0000;
    const BOOL: u64 = 0x7ffa_0000_0000_0000;
    const INT: u64 = 0x7ffb_0000_0000_0000;
    const OBJECT: u64 = 0x7ffc_0000_0000_0000;
    const TAG: u64 = 0x7fff_0000_0000_0000;
    const POINTER: u64 = 0x0000_ffff_ffff_ffff;
    const RAW: bool = false;

    fn is_number(bits: u64) -> bool {
        const EXPONENT: u64 = 0x7ff0_0000_0000_0000;
        const KIND: u64 = 0x0007_0000_0000_0000;
        bits & EXPONENT != EXPONENT || bits & KIND == 0
    }
}

impl<N> Boxed<N> {
    fn new(bits: u64) -> Boxed<N> {
        Boxed(bits, PhantomData)
    }
}

impl<N: Nan> Bits for Boxed<N> {
    fn nil() -> Self {
        Boxed::new(N::NIL)
    }

    fn bool(value: bool) -> Self {
        Boxed::new(N::BOOL | u64::from(value))
    }

    fn int(value: i32) -> Self {
        Boxed::new(N::INT | u64::from(value as u32))
    }

    fn float(value: f64) -> Self {
        Boxed::new(canonical(value))
    }

    fn number(value: f64) -> f64 {
        if N::RAW && !N::is_number(value.to_bits()) {
            return f64::from_bits(canonical(value));
        }
        value
    }

    fn object(object: *mut Header) -> Self {
        Boxed::new(N::OBJECT | object.expose_provenance() as u64)
    }

    fn view(self) -> View {
        if N::is_number(self.0) {
            return View::Float(f64::from_bits(self.0));
        }
        match self.0 & N::TAG {
            tag if tag == N::INT => View::Int(self.0 as u32 as i32),
            tag if tag == N::BOOL => View::Bool(self.0 & 1 == 1),
            tag if tag == N::OBJECT => View::Object(pointer(self.0 & N::POINTER)),
            _ => View::Nil,
        }
    }

    fn is(self, other: Self) -> bool {
        self.0 == other.0
    }

    fn handle(self) -> Handle {
        Handle([self.0, 0])
    }

    fn of(handle: Handle) -> Self {
        Boxed::new(handle.0[0])
    }
}

/// Values of a build without NaN-boxing: a tag and eight bytes of payload. They are two
/// integers, so that they are passed in registers as in Morpho.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Tagged {
    tag: u64,
    payload: u64,
}

impl Tagged {
    const FLOAT: u64 = 0;
    const NIL: u64 = 1;
    const BOOL: u64 = 2;
    const INT: u64 = 3;
    const OBJECT: u64 = 4;
}

impl Bits for Tagged {
    fn nil() -> Self {
        Tagged { tag: Self::NIL, payload: 0 }
    }

    fn bool(value: bool) -> Self {
        Tagged { tag: Self::BOOL, payload: value.into() }
    }

    fn int(value: i32) -> Self {
        Tagged { tag: Self::INT, payload: u64::from(value as u32) }
    }

    fn float(value: f64) -> Self {
        Tagged { tag: Self::FLOAT, payload: value.to_bits() }
    }

    fn object(object: *mut Header) -> Self {
        Tagged { tag: Self::OBJECT, payload: object.expose_provenance() as u64 }
    }

    fn view(self) -> View {
        // The host writes only four bytes of the tag.
        match u64::from(self.tag as u32) {
            Self::FLOAT => View::Float(f64::from_bits(self.payload)),
            Self::BOOL => View::Bool(self.payload & 0xff != 0),
            Self::INT => View::Int(self.payload as u32 as i32),
            Self::OBJECT => View::Object(pointer(self.payload)),
            _ => View::Nil,
        }
    }

    fn is(self, other: Self) -> bool {
        self.tag as u32 == other.tag as u32 && self.payload == other.payload
    }

    fn handle(self) -> Handle {
        Handle([self.tag, self.payload])
    }

    fn of(handle: Handle) -> Self {
        let Handle([tag, payload]) = handle;
        Tagged { tag, payload }
    }
}

/// Returns the bits of a number. All NaNs become the same one, because others would
/// read as boxed values.
fn canonical(value: f64) -> u64 {
    if value.is_nan() { 0x7ff8_0000_0000_0000 } else { value.to_bits() }
}

fn pointer(bits: u64) -> *mut Header {
    std::ptr::with_exposed_provenance_mut(bits as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip<V: Bits>() {
        let mut place = 0u64;
        let object = (&raw mut place).cast::<Header>();
        assert_eq!(V::nil().view(), View::Nil);
        assert_eq!(V::bool(true).view(), View::Bool(true));
        assert_eq!(V::bool(false).view(), View::Bool(false));
        for int in [0, 1, -1, i32::MAX, i32::MIN] {
            assert_eq!(V::int(int).view(), View::Int(int));
        }
        for float in [0.0, -0.0, 1.5, f64::MAX, f64::MIN_POSITIVE, f64::INFINITY, f64::NEG_INFINITY]
        {
            assert_eq!(V::float(float).view(), View::Float(float));
        }
        for nan in [f64::NAN, -f64::NAN, f64::from_bits(0x7ffc_8000_0000_0000)] {
            assert!(matches!(V::float(nan).view(), View::Float(float) if float.is_nan()));
        }
        assert_eq!(V::object(object).view(), View::Object(object));
        assert!(V::int(1).is(V::int(1)) && !V::int(1).is(V::int(2)));
        assert!(V::of(V::object(object).handle()).is(V::object(object)));
    }

    #[test]
    fn values_survive_in_every_layout() {
        round_trip::<Boxed063>();
        round_trip::<Boxed064>();
        round_trip::<Tagged>();
    }

    #[test]
    fn no_number_reads_as_another_value() {
        // What forged bits would be in one of the layouts: an object, nil, a Bool, an Int.
        for top in [0xfffc, 0x7ffc, 0x7ffd, 0x7fff, 0xffff] {
            let forged = f64::from_bits((top << 48) | 0x8000_4141_4141);
            let number = Boxed063::number(forged);
            assert!(number.is_nan());
            assert!(matches!(Boxed063::new(number.to_bits()).view(), View::Float(_)));
            // These releases make values of numbers with other means.
            assert_eq!(Boxed064::number(forged).to_bits(), forged.to_bits());
            assert_eq!(Tagged::number(forged).to_bits(), forged.to_bits());
        }
        for kept in [1.5, -0.0, f64::INFINITY, f64::from_bits(0x7ff8_0000_0000_0001)] {
            assert_eq!(Boxed063::number(kept).to_bits(), kept.to_bits());
        }
    }

    #[test]
    fn layouts_are_told_apart_by_a_string() {
        let mut place = 0u64;
        let object = (&raw mut place).cast::<Header>();
        assert_eq!(Layout::of(Boxed063::object(object).0), Some(Layout::Boxed063));
        assert_eq!(Layout::of(Boxed064::object(object).0), Some(Layout::Boxed064));
        assert_eq!(Layout::of(Tagged::object(object).tag), Some(Layout::Tagged));
        assert_eq!(Layout::of(0), None);
        assert_eq!(Layout::of(f64::NAN.to_bits()), None);
    }
}
