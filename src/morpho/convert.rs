//! Conversion between values of Morpho and values of the binding.

use std::borrow::Cow;
use std::ptr;

use smallvec::SmallVec;

use super::abi::{Bits, DictionaryObject, Header, InvocationObject, StringObject, View, Vm};
use super::host::Morpho;
use super::object;
use crate::binding::{Bounds, Object, Value, ValueRef};
use crate::core::Error;
use crate::ffi::host_error;

/// An object that no method accepts.
const OTHER: ValueRef = ValueRef::Other(Cow::Borrowed("a value of another kind"));

/// New objects that are not bound to the garbage collector yet. All of them are bound
/// in one call, because each call may collect objects that it does not know.
pub(super) type Made<V> = SmallVec<[V; 2]>;

impl<V: Bits> Morpho<V> {
    /// Returns the instance of the library that a value is, or that it keeps in its
    /// field.
    pub(super) fn object(&self, value: V) -> Option<&Object> {
        self.own(value).or_else(|| self.own(self.kept(self.instance(value)?)?))
    }

    /// Returns the instance of the library that a value is.
    #[inline]
    pub(super) fn own(&self, value: V) -> Option<&Object> {
        match value.view() {
            // SAFETY: Morpho's values point to live objects, and objects of our kinds
            // were made by `object`.
            View::Object(header) if unsafe { self.kinds.is_own((*header).kind) } => unsafe {
                object::of(header)
            },
            _ => None,
        }
    }

    /// Returns the value that an instance of a class written in Morpho keeps in its
    /// field.
    fn kept(&self, instance: *mut Header) -> Option<V> {
        let mut kept = V::nil();
        // SAFETY: it is an instance, the name was interned, and there is room for a
        // value.
        let found = unsafe {
            (self.api.objectinstance_getpropertyinterned)(instance, self.field, &mut kept)
        };
        found.then_some(kept)
    }

    /// Returns the instance of a class written in Morpho that a value is.
    pub(super) fn instance(&self, value: V) -> Option<*mut Header> {
        match value.view() {
            // SAFETY: Morpho's values point to live objects, and the kind of instances
            // is a variable of Morpho.
            View::Object(header) if unsafe { (*header).kind == *self.api.objectinstancetype } => {
                Some(header)
            }
            _ => None,
        }
    }

    /// Returns the bytes of a string.
    ///
    /// # Safety
    /// As for `read`.
    #[inline]
    pub(super) unsafe fn text<'a>(&self, value: V) -> Option<&'a [u8]> {
        match value.view() {
            // SAFETY: as in `read`.
            View::Object(header) if unsafe { (*header).kind } == self.kinds.string => unsafe {
                Some(bytes(header))
            },
            _ => None,
        }
    }

    /// Views an argument for the duration of the call.
    ///
    /// # Safety
    /// Morpho keeps the value and does not change it during the call.
    #[inline]
    pub unsafe fn read<'a>(&self, value: V, bounds: &mut Bounds) -> Result<ValueRef<'a>, Error> {
        match value.view() {
            View::Nil => Ok(ValueRef::Nil),
            View::Bool(value) => Ok(ValueRef::Bool(value)),
            View::Int(value) => Ok(ValueRef::Int(value.into())),
            View::Float(value) => Ok(ValueRef::Float(value)),
            // SAFETY: Morpho's values point to live objects, and the kind of an object
            // determines its type.
            View::Object(header) => unsafe {
                if (*header).kind == self.kinds.string {
                    Ok(ValueRef::String(bytes(header)))
                } else {
                    self.read_object(value, header, bounds)
                }
            },
        }
    }

    /// # Safety
    /// As for `read`; the value points to the object.
    #[inline(never)]
    unsafe fn read_object<'a>(
        &self,
        value: V,
        header: *mut Header,
        bounds: &mut Bounds,
    ) -> Result<ValueRef<'a>, Error> {
        let api = &self.api;
        // SAFETY: the object is alive, and its kind determines its type.
        unsafe {
            let kind = (*header).kind;
            if kind == self.kinds.list {
                let count = (api.list_length)(header);
                self.items(count, bounds, |i, item| (api.list_getelement)(header, i, item))
            } else if kind == self.kinds.tuple {
                let count = (api.tuple_length)(header);
                self.items(count, bounds, |i, item| (api.tuple_getelement)(header, i, item))
            } else if kind == self.kinds.dictionary {
                self.entries(header, bounds)
            } else if kind == *api.objectrangetype {
                let count = u32::try_from((api.range_count)(header)).unwrap_or(0);
                self.items(count, bounds, |i, item| {
                    *item = (api.range_iterate)(header, i as u32);
                    true
                })
            } else if let Some(array) = self.array(header, bounds)? {
                Ok(array)
            } else {
                Ok(self.rarer(value, header))
            }
        }
    }

    /// Views an argument that is neither a plain value nor a collection.
    fn rarer<'a>(&self, value: V, header: *mut Header) -> ValueRef<'a> {
        if let Some(object) = self.object(value) {
            return ValueRef::Object(object.clone(), value.handle());
        }
        if self.is_function(header) {
            return ValueRef::Function(value.handle());
        }
        let class = self.classes.iter().find(|(known, _)| known.is(value));
        class.map_or(OTHER, |(_, class)| ValueRef::Class(class))
    }

    /// Returns true if an object is a function written in Morpho. Builtin functions are
    /// excluded, because some releases pass them named arguments that nobody gave.
    fn is_function(&self, header: *mut Header) -> bool {
        // SAFETY: Morpho's values point to live objects. The kinds are variables of
        // Morpho, and determine the type of an object.
        unsafe {
            let kind = (*header).kind;
            if kind == *self.api.objectinvocationtype {
                let method = (*header.cast::<InvocationObject<V>>()).method;
                return matches!(method.view(), View::Object(method)
                    if (*method).kind != kind && self.is_function(method));
            }
            kind == *self.api.objectfunctiontype || kind == *self.api.objectclosuretype
        }
    }

    /// # Safety
    /// As for `read`.
    unsafe fn items<'a>(
        &self,
        count: u32,
        bounds: &mut Bounds,
        get: impl Fn(i32, *mut V) -> bool,
    ) -> Result<ValueRef<'a>, Error> {
        let indices = 0..i32::try_from(count).unwrap_or(i32::MAX);
        bounds.within(indices.len(), |bounds| {
            let mut items = Vec::with_capacity(indices.len());
            for index in indices {
                let mut item = V::nil();
                if get(index, &mut item) {
                    // SAFETY: the caller's guarantee holds for the items of a list.
                    items.push(unsafe { self.read(item, bounds) }?);
                }
            }
            Ok(ValueRef::List(items))
        })
    }

    /// # Safety
    /// As for `read`; the object is a dictionary.
    unsafe fn entries<'a>(
        &self,
        header: *mut Header,
        bounds: &mut Bounds,
    ) -> Result<ValueRef<'a>, Error> {
        // SAFETY: guaranteed by the caller.
        let table = unsafe { &(*header.cast::<DictionaryObject<V>>()).table };
        bounds.within(table.count as usize, |bounds| {
            let mut entries = Vec::with_capacity(table.count as usize);
            for slot in 0..table.capacity as usize {
                // SAFETY: the table has `capacity` slots.
                let [key, value] = unsafe { *table.entries.add(slot) };
                if key.view() != View::Nil {
                    // SAFETY: the caller's guarantee holds for the entries of a
                    // dictionary.
                    let entry = unsafe { (self.read(key, bounds)?, self.read(value, bounds)?) };
                    entries.push(entry);
                }
            }
            Ok(ValueRef::Dictionary(entries))
        })
    }

    /// Returns the name of a named argument.
    ///
    /// # Safety
    /// As for `read`.
    pub unsafe fn name<'a>(&self, value: V) -> Result<&'a str, Error> {
        // SAFETY: guaranteed by the caller.
        match unsafe { self.read(value, &mut Bounds::default()) }? {
            ValueRef::String(bytes) => std::str::from_utf8(bytes).ok(),
            _ => None,
        }
        .ok_or_else(|| host_error("the name of an argument is not a String"))
    }

    /// Makes a result, bound to the garbage collector of the virtual machine.
    ///
    /// # Safety
    /// `vm` is the calling virtual machine.
    pub unsafe fn give(&self, vm: *mut Vm, value: &Value) -> Result<V, Error> {
        // SAFETY: new objects are bound at once.
        unsafe {
            match value {
                Value::Nil => Ok(V::nil()),
                Value::Bool(value) => Ok(V::bool(*value)),
                Value::Int(value) => Ok(integer(*value)),
                // This is the case for nearly every message.
                Value::String(text) => match self.make_string(text) {
                    Some(mut string) => {
                        (self.api.morpho_bindobjects)(vm, 1, &mut string);
                        Ok(string)
                    }
                    None => Err(no_memory()),
                },
                value => self.give_objects(vm, value),
            }
        }
    }

    /// # Safety
    /// As for `give`.
    #[cold]
    unsafe fn give_objects(&self, vm: *mut Vm, value: &Value) -> Result<V, Error> {
        let mut made = Made::new();
        // SAFETY: new objects are bound at once.
        unsafe {
            let value = self.make(value, &mut made);
            // Also the objects of a value that could not be made: they are garbage then.
            self.bind(vm, made)?;
            value
        }
    }

    /// Makes the arguments of a script function.
    ///
    /// # Safety
    /// `vm` is the calling virtual machine.
    pub unsafe fn give_all(
        &self,
        vm: *mut Vm,
        values: &[Value],
        given: &mut impl Extend<V>,
    ) -> Result<(), Error> {
        let mut made = Made::new();
        // SAFETY: new objects are bound at once.
        unsafe {
            let all = values.iter().try_for_each(|value| {
                given.extend([self.make(value, &mut made)?]);
                Ok(())
            });
            self.bind(vm, made)?;
            all
        }
    }

    /// # Safety
    /// The objects are new and not bound; `vm` is the calling virtual machine.
    unsafe fn bind(&self, vm: *mut Vm, mut made: Made<V>) -> Result<(), Error> {
        if !made.is_empty() {
            let count =
                i32::try_from(made.len()).map_err(|_| host_error("the result is too large"))?;
            // SAFETY: guaranteed by the caller; all are bound at once.
            unsafe { (self.api.morpho_bindobjects)(vm, count, made.as_mut_ptr()) };
        }
        Ok(())
    }

    /// # Safety
    /// The caller binds the objects in `made`.
    pub(super) unsafe fn make(&self, value: &Value, made: &mut Made<V>) -> Result<V, Error> {
        // SAFETY: guaranteed by the caller; Morpho's functions make objects that have
        // no owner yet.
        unsafe {
            let object = match value {
                Value::Nil => return Ok(V::nil()),
                Value::Bool(value) => return Ok(V::bool(*value)),
                Value::Int(value) => return Ok(integer(*value)),
                Value::Float(value) => return Ok(V::float(*value)),
                Value::String(text) => self.make_string(text),
                Value::List(items) => self.make_items(items, made, self.api.object_newlist)?,
                Value::Tuple(items) => self.make_items(items, made, self.api.object_newtuple)?,
                Value::Dictionary(entries) => self.make_dictionary(entries, made)?,
                Value::Object(object) => self.make_object(object),
                Value::Array(array) => return self.make_array(array, made),
                Value::Sparse(matrix) => self.make_sparse(matrix)?,
                // It belongs to the script and is already bound.
                Value::Kept(kept) => return Ok(V::of(kept.handle())),
            };
            let object = object.ok_or_else(no_memory)?;
            made.push(object);
            Ok(object)
        }
    }

    /// Makes a string as Morpho's object_stringwithsize does, which would fill it with zeros
    /// first.
    ///
    /// # Safety
    /// As for `make`.
    #[inline]
    pub(super) unsafe fn make_string(&self, text: &[u8]) -> Option<V> {
        let size = size_of::<StringObject>() + text.len() + 1;
        // SAFETY: the object has room for the struct of a string, these bytes and a NUL;
        // Morpho has initialized only its header.
        unsafe {
            let string = (self.api.object_new)(size, self.kinds.string).cast::<StringObject>();
            if string.is_null() {
                return None;
            }
            let bytes = string.add(1).cast::<u8>();
            (*string).length = text.len();
            (*string).bytes = bytes;
            ptr::copy_nonoverlapping(text.as_ptr(), bytes, text.len());
            bytes.add(text.len()).write(0);
            Some(V::object(string.cast()))
        }
    }

    /// Makes a list of objects.
    ///
    /// # Safety
    /// As for `make`.
    pub(super) unsafe fn make_list(&self, items: &[V]) -> Option<V> {
        let count = u32::try_from(items.len()).ok()?;
        // SAFETY: there are `count` values.
        let list = unsafe { (self.api.object_newlist)(count, items.as_ptr()) };
        (!list.is_null()).then(|| V::object(list))
    }

    /// # Safety
    /// As for `make`.
    unsafe fn make_items(
        &self,
        items: &[Value],
        made: &mut Made<V>,
        new: unsafe extern "C" fn(u32, *const V) -> *mut Header,
    ) -> Result<Option<V>, Error> {
        let mut values = Vec::with_capacity(items.len());
        for item in items {
            // SAFETY: guaranteed by the caller.
            values.push(unsafe { self.make(item, made) }?);
        }
        let count =
            u32::try_from(values.len()).map_err(|_| host_error("the result is too large"))?;
        // SAFETY: there are `count` values.
        let list = unsafe { new(count, values.as_ptr()) };
        Ok((!list.is_null()).then(|| V::object(list)))
    }

    /// # Safety
    /// As for `make`.
    unsafe fn make_dictionary(
        &self,
        entries: &[(Value, Value)],
        made: &mut Made<V>,
    ) -> Result<Option<V>, Error> {
        // SAFETY: guaranteed by the caller; the table is that of the new dictionary.
        unsafe {
            let dictionary = (self.api.object_newdictionary)();
            if dictionary.is_null() {
                return Ok(None);
            }
            for (key, value) in entries {
                let (key, value) = (self.make(key, made)?, self.make(value, made)?);
                let table = &raw mut (*dictionary.cast::<DictionaryObject<V>>()).table;
                (self.api.dictionary_insert)(table, key, value);
            }
            Ok(Some(V::object(dictionary)))
        }
    }

    /// # Safety
    /// As for `make`.
    pub(super) unsafe fn make_object(&self, object: &Object) -> Option<V> {
        let kind = self.kinds.of(object.class())?;
        // SAFETY: the kind has one of the definitions of `object`.
        unsafe { object::make(self.api.object_new, kind, object.clone()) }
    }
}

pub(super) fn no_memory() -> Error {
    host_error("Morpho is out of memory for the result")
}

/// Returns the bytes of a string.
///
/// # Safety
/// The object is a string, which Morpho keeps for `'a`.
unsafe fn bytes<'a>(header: *mut Header) -> &'a [u8] {
    // SAFETY: guaranteed by the caller.
    unsafe {
        let string = header.cast::<StringObject>();
        if (*string).bytes.is_null() {
            return &[];
        }
        std::slice::from_raw_parts((*string).bytes, (*string).length)
    }
}

/// Makes an Int, or a Float if the number needs more than the 32 bits of Morpho's
/// integers.
fn integer<V: Bits>(value: i64) -> V {
    i32::try_from(value).map_or_else(|_| V::float(value as f64), V::int)
}
