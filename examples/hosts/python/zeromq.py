"""ZeroMQ for Python, with ctypes: import zeromq

The classes, their methods and their documentation come from the library's descriptors, so
new ones need no change here; help(zeromq.ZMQPush) shows them. The library is loaded from
the path in the environment variable ZEROMQ_PLUGIN, from the folder of this file, or from
where the system looks for libraries.

Frames to send are str or bytes. A received frame is str if it is valid UTF-8, otherwise
bytes. Arrays of numbers to send are whatever has the buffer protocol, such as arrays of numpy;
a received one is an Array, which numpy.asarray uses without a copy. Matrices of scipy.sparse in
the format csc can be sent; a received one is a Sparse. Each error tag is an exception class,
such as zeromq.ZMQTimeout; all of them are subclasses of zeromq.Error.
"""

import atexit
import ctypes
import inspect
import itertools
import keyword
import math
import os
import signal
import struct
import sys
import threading
import time
import warnings
import weakref
from ctypes import CFUNCTYPE, POINTER, c_char_p, c_double, c_int, c_int32, c_int64, c_size_t
from ctypes import c_uint32, c_uint64, c_void_p, byref, sizeof

ABI = 1
(NIL, BOOL, INT, FLOAT, STRING, LIST, TUPLE, DICTIONARY, OBJECT, OTHER, FUNCTION, CLASS, BYTES,
 ARRAY, SPARSE) = range(15)
REQUIRED, OPTIONAL, VARIADIC, NAMED = range(4)
OK, CALLBACK, TASK = 0, 17, 19
HOST_BYTES, HOST_ARRAYS, HOST_SPARSE = 1, 4, 8
BY_ROWS, BY_COLUMNS = range(2)
DEEPEST, MOST = 64, 1 << 22


# ---- The header. ----

def _struct(name, fields, base=ctypes.Structure):
    return type(name, (base,), {"_fields_": fields})


_Bytes = _struct("_Bytes", [("data", c_void_p), ("size", c_size_t)])
_Array = _struct("_Array", [
    ("element", c_uint32), ("order", c_uint32), ("shape", POINTER(c_size_t)),
    ("dimensions", c_size_t), ("data", c_void_p), ("size", c_size_t)])
_Sparse = _struct("_Sparse", [
    ("rows", c_size_t), ("columns", c_size_t), ("data", _Array), ("indices", _Array),
    ("indptr", _Array)])
_Items = _struct("_Items", [("data", c_void_p), ("count", c_size_t)])
_Payload = _struct("_Payload", [
    ("integer", c_int64), ("number", c_double), ("bytes", _Bytes), ("items", _Items),
    ("object", c_uint64), ("function", c_uint64), ("described", c_void_p),
    ("array", POINTER(_Array)), ("sparse", POINTER(_Sparse))], ctypes.Union)
_Value = _struct("_Value", [("kind", c_uint32), ("payload", _Payload)])
_Named = _struct("_Named", [("name", c_char_p), ("value", _Value)])
_Parameter = _struct("_Parameter", [
    ("size", c_uint32), ("role", c_uint32), ("kinds", c_uint32), ("name", c_char_p),
    ("doc", c_char_p)])
_Method = _struct("_Method", [
    ("size", c_uint32), ("parameter_count", c_uint32), ("name", c_char_p),
    ("signature", c_char_p), ("doc", c_char_p), ("parameters", POINTER(POINTER(_Parameter))),
    ("results", c_uint32)])
_Class = _struct("_Class", [
    ("size", c_uint32), ("abi", c_uint32), ("name", c_char_p), ("doc", c_char_p),
    ("parent", c_void_p), ("constructor", POINTER(_Method)), ("alias", c_char_p),
    ("methods", POINTER(POINTER(_Method))), ("method_count", c_uint32),
    ("function_count", c_uint32), ("functions", POINTER(POINTER(_Method)))])
_WARN = CFUNCTYPE(None, c_void_p, c_char_p, c_char_p)
_INTERRUPTED = CFUNCTYPE(c_int32, c_void_p)
_CALL = CFUNCTYPE(c_int32, c_void_p, c_uint64, POINTER(_Value), c_size_t, POINTER(_Value))
_FAILURE = CFUNCTYPE(None, c_void_p, POINTER(c_char_p), POINTER(c_char_p))
_Host = _struct("_Host", [
    ("size", c_uint32), ("abi", c_uint32), ("context", c_void_p), ("flags", c_uint32),
    ("warn", _WARN), ("interrupted", _INTERRUPTED), ("call", _CALL), ("policy", c_char_p),
    ("failure", _FAILURE)])
_Error = _struct("_Error", [
    ("size", c_uint32), ("code", c_int), ("tag", c_char_p), ("message", c_char_p)])


def _load():
    names = {"win32": ["zeromq.dll"], "darwin": ["libzeromq.0.dylib", "libzeromq.dylib"]}.get(
        sys.platform, ["libzeromq.so.0", "libzeromq.so"])
    here = os.path.dirname(os.path.abspath(__file__))
    beside = [path for path in (os.path.join(here, name) for name in names) if os.path.exists(path)]
    given = os.environ.get("ZEROMQ_PLUGIN")
    *others, last = [given] if given else beside or names
    for name in others:
        try:
            library = ctypes.CDLL(name)
            break
        except OSError:
            pass  # The next one is tried, and tells what is wrong.
    else:
        try:
            library = ctypes.CDLL(last)
        except OSError as error:
            raise ImportError(
                f"the library cannot be loaded: {error}; set the environment variable ZEROMQ_PLUGIN "
                f"to the path of {names[-1]}, which `cargo build --release` makes in "
                "target/release, or put the library beside zeromq.py") from error
    for name, result, arguments in [
            ("classes", POINTER(POINTER(_Class)), []), ("function_released", c_uint64, [c_uint64]),
            ("host_register", c_int, [POINTER(_Host), POINTER(c_uint64)]),
            ("call", c_int, [c_uint64, c_void_p, c_uint64, c_void_p, c_size_t, c_void_p, c_size_t,
                             c_void_p]),
            ("result_free", None, [c_void_p]), ("object_free", None, [c_uint64]),
            ("object_class", c_void_p, [c_uint64]), ("object_hash", c_uint64, [c_uint64]),
            ("object_text", c_int, [c_uint64, c_void_p]),
            ("object_bytes", c_int, [c_uint64, c_void_p]),
            ("object_equals", c_int32, [c_uint64, c_uint64]),
            ("last_error", POINTER(_Error), []), ("error_tags", POINTER(c_char_p), []),
            ("shutdown", c_int, []), ("version", c_char_p, [])]:
        function = getattr(library, "zeromq_" + name)
        function.restype, function.argtypes = result, arguments
    return library


_library = _load()


class _Result(ctypes.Structure):
    """What arrays point to stays as long as they do."""

    _fields_ = [("value", _Value), ("owned", c_size_t), ("memory", c_uint64 * 64)]

    def __del__(self, free=_library.zeromq_result_free, byref=byref):
        if self.owned:
            free(byref(self))


__version__ = _library.zeromq_version().decode()


# ---- Errors. ----

class Error(Exception):
    """What ZeroMQ cannot do: message says why, tag is the name of the class."""

    def __init__(self, message, code=0):
        super().__init__(message)
        self.message, self.code, self.tag = message, code, type(self).__name__


def _failure():
    error = _library.zeromq_last_error().contents
    return _errors.get(error.tag.decode(), Error)(error.message.decode(), error.code)


def _make_errors():
    tags, made = _library.zeromq_error_tags(), {}
    while tags[len(made)] is not None:
        tag = tags[len(made)].decode()
        made[tag] = type(tag, (Error,), {"__module__": __name__, "__doc__": Error.__doc__})
    return made


_errors = _make_errors()
globals().update(_errors)


# ---- Values for the library. ----

class _Call(threading.local):
    """What a call of this thread lends, is given and is told by functions."""
    failure = None  # of a function, or KeyboardInterrupt
    told = None  # the texts of a failure, which the library is told
    returned = None  # what a function returned last
    innermost = None  # what the call lends that calls functions now


_call = _Call()
_callers = set()  # the calls that have called functions, and are not over
# The functions that the library has, by the numbers that it knows them by.
_functions, _numbers = {}, itertools.count(1)


def _lend(given, memory, depth=0):
    """A value for the library; what it needs stays as long as the list memory."""
    if isinstance(given, str):
        given = given.encode()
    if given is None:
        return _Value(NIL)
    if isinstance(given, bool):
        return _Value(BOOL, _Payload(integer=given))
    if isinstance(given, int) and -(1 << 63) <= given < 1 << 63:
        return _Value(INT, _Payload(integer=given))
    if isinstance(given, float):
        return _Value(FLOAT, _Payload(number=given))
    if isinstance(given, complex):
        data = struct.pack("dd", given.real, given.imag)
        memory.append(data)
        return _lend_array(_SHORT["c16"], BY_ROWS, (), _address_of(data), len(data), memory)
    if isinstance(given, (bytes, bytearray)):
        return _text(BYTES, bytes(given), memory)
    if isinstance(given, memoryview) and given.ndim == 1 and given.format == "B":
        return _text(BYTES, bytes(given), memory)
    if isinstance(given, Array):
        memory.append(given)
        return _lend_array(given._element, BY_ROWS, given.shape, given._data, given._size, memory)
    if isinstance(given, (list, tuple, range, dict)):
        kind = DICTIONARY if isinstance(given, dict) else LIST
        memory.count += len(given)
        if depth == DEEPEST or memory.count > MOST or id(given) in memory.inside:
            return _text(OTHER, b"a list that is too large or too deep, or in itself", memory)
        memory.inside.append(id(given))
        parts = itertools.chain.from_iterable(given.items()) if kind == DICTIONARY else given
        items = _array(_Value, [_lend(part, memory, depth + 1) for part in parts], memory)
        memory.inside.pop()
        return _Value(kind, _Payload(items=_Items(ctypes.addressof(items), len(items))))
    if isinstance(given, Object):
        return _Value(OBJECT, _Payload(object=given._handle))
    if isinstance(given, type) and issubclass(given, Object) and given is not Object:
        return _Value(CLASS, _Payload(described=given._described))
    if getattr(given, "format", None) in ("csc", "csr", "coo", "bsr", "dia", "dok", "lil"):
        return _lend_sparse(given, memory, depth)
    try:
        return _lend_buffer(memoryview(given), memory)
    except (TypeError, ValueError, BufferError):
        pass  # It has no buffer.
    if callable(given):
        number = next(_numbers)
        _functions[number] = given
        memory.functions.append(number)
        return _Value(FUNCTION, _Payload(function=number))
    name = "an int of more than 64 bits" if isinstance(given, int) else type(given).__name__
    return _text(OTHER, name.encode(), memory)


class _Memory(list):
    """What is lent, how many values in lists, and the lists that this is in."""

    def __init__(self):
        self.count, self.inside, self.functions = 0, [], []

    def forget(self):
        """The library was not called after all."""
        for number in self.functions:
            del _functions[number]


def _array(kind, items, memory):
    memory.append((kind * len(items))(*items))
    return memory[-1]


def _text(kind, given, memory):
    memory.append(given)
    data = ctypes.cast(c_char_p(given), c_void_p)
    return _Value(kind, _Payload(bytes=_Bytes(data, len(given))))


# ---- Arrays of numbers. ----

class Array:
    """An array of numbers: its dtype, such as "float64", its shape, and the elements, row by
    row. numpy.asarray uses them without a copy."""

    def __init__(self, element, shape, data, size, owner):
        self._element, self._data, self._size, self._owner = element, data or 0, size, owner
        self.dtype, self.shape = _DTYPES[element][0], tuple(shape)

    @property
    def __array_interface__(self):
        short, order = _DTYPES[self._element][1], "<" if sys.byteorder == "little" else ">"
        order = "|" if short.endswith("1") else order
        return {"version": 3, "shape": self.shape, "typestr": order + short,
                "data": (self._data, False)}

    def __bytes__(self):
        return ctypes.string_at(self._data, self._size)

    def tolist(self):
        """The elements in lists of lists, one for each dimension; a number without any."""
        format = _DTYPES[self._element][2]
        elements = struct.iter_unpack("=" + format, bytes(self))
        elements = [complex(*one) if len(format) > 1 else one[0] for one in elements]
        for axis in range(len(self.shape) - 1, 0, -1):
            count, rows = self.shape[axis], range(math.prod(self.shape[:axis]))
            elements = [elements[row * count:(row + 1) * count] for row in rows]
        return elements if self.shape else elements[0]

    def __len__(self):
        return self.shape[0]

    def __getitem__(self, index):
        """A number, or the Array that an index for only some dimensions leaves."""
        index = index if isinstance(index, tuple) else (index,)
        if len(index) > len(self.shape):
            raise IndexError(f"{len(index)} indices for {len(self.shape)} dimensions")
        data, size = self._data, self._size
        for at, count in zip(index, self.shape):
            if not -count <= at < count:
                raise IndexError(f"the index {at} for a dimension of size {count}")
            size //= count
            data += at % count * size
        inner = Array(self._element, self.shape[len(index):], data, size, self)
        return inner if inner.shape else inner.tolist()

    def __repr__(self):
        return f"<Array: {self.dtype} {self.shape}>"


class Sparse:
    """A sparse matrix in compressed sparse columns: the Arrays data, indices and indptr, as
    scipy.sparse.csc_matrix((a.data, a.indices, a.indptr), a.shape) uses them. scipy calls the
    same attributes of its own matrices so, which can be sent, too."""

    format = "csc"

    def __init__(self, data, indices, indptr, shape):
        self.data, self.indices, self.indptr, self.shape = data, indices, indptr, tuple(shape)

    @property
    def dtype(self):
        return self.data.dtype

    @property
    def nnz(self):
        return len(self.data)

    def tolist(self):
        """All elements, in a list for each row."""
        rows = [[0] * self.shape[1] for _ in range(self.shape[0])]
        ends, places, numbers = (v.tolist() for v in (self.indptr, self.indices, self.data))
        for column in range(self.shape[1]):
            for at in range(ends[column], ends[column + 1]):
                rows[places[at]][column] = numbers[at]
        return rows

    def __repr__(self):
        return f"<Sparse: {self.dtype} {self.shape}, {self.nnz} stored>"


# The numbers of elements: names, short names of numpy, and formats of struct.
_DTYPES = dict(enumerate([
    ("bool", "b1", "?"), ("int8", "i1", "b"), ("int16", "i2", "h"), ("int32", "i4", "i"),
    ("int64", "i8", "q"), ("uint8", "u1", "B"), ("uint16", "u2", "H"), ("uint32", "u4", "I"),
    ("uint64", "u8", "Q"), ("float32", "f4", "f"), ("float64", "f8", "d"),
    ("complex64", "c8", "ff"), ("complex128", "c16", "dd")], 1))
_SHORT = {row[1]: number for number, row in _DTYPES.items()}
# What the letters of a buffer's format mean; their sizes depend on the machine.
_LETTERS = {"?": "b", **dict.fromkeys("bhilqn", "i"), **dict.fromkeys("BHILQN", "u"), "f": "f",
            "d": "f", "Zf": "c", "Zd": "c"}
_buffer_of, _release = ctypes.pythonapi.PyObject_GetBuffer, ctypes.pythonapi.PyBuffer_Release
_buffer_of.argtypes, _release.argtypes = [ctypes.py_object, c_void_p, c_int], [c_void_p]
_release.restype = None


def _address_of(data):
    return ctypes.cast(c_char_p(data), c_void_p).value


def _lend_array(element, order, shape, data, size, memory):
    shape = _array(c_size_t, shape, memory)
    memory.append(_Array(element, order, shape, len(shape), data, size))
    return _Value(ARRAY, _Payload(array=ctypes.pointer(memory[-1])))


def _lend_buffer(view, memory):
    """The numbers in a buffer. They are copied only if they have gaps between them, or the
    byte order of another machine."""
    format, other = view.format.lstrip("@=<>!"), ">" if sys.byteorder == "little" else "<"
    element = _SHORT.get(f"{_LETTERS.get(format, '')}{view.itemsize}")
    if element is None:
        return _text(OTHER, f"an array with elements of the format {view.format}".encode(), memory)
    swapped = view.itemsize > 1 and view.format[0] in (other, "!" if other == ">" else other)
    if swapped or not (view.c_contiguous or view.f_contiguous):
        data, word = view.tobytes(), view.itemsize // len(_DTYPES[element][2])
        if swapped:
            reversed_ = bytearray(len(data))
            for at in range(word):
                reversed_[at::word] = data[word - 1 - at::word]
            data = bytes(reversed_)
        memory.append(data)
        return _lend_array(element, BY_ROWS, view.shape, _address_of(data), len(data), memory)
    # While the view is there, the buffer stays where it is.
    buffer = (c_void_p * 16)()
    _buffer_of(view, buffer, 0x11c)  # PyBUF_FULL_RO
    address = buffer[0]
    _release(buffer)
    memory.append(view)
    order = BY_ROWS if view.c_contiguous else BY_COLUMNS
    return _lend_array(element, order, view.shape, address, view.nbytes, memory)


def _lend_sparse(given, memory, depth):
    """Whatever has the attributes of a csc_matrix of scipy."""
    if given.format != "csc":
        name = f"a sparse matrix in the format {given.format}; tocsc() converts it"
        return _text(OTHER, name.encode(), memory)
    vectors = [_lend(vector, memory, depth) for vector in (given.data, given.indices, given.indptr)]
    if any(vector.kind != ARRAY for vector in vectors):
        return _text(OTHER, b"a sparse matrix whose vectors are not arrays of numbers", memory)
    vectors = [vector.payload.array.contents for vector in vectors]
    memory.append(_Sparse(*map(int, given.shape), *vectors))
    return _Value(SPARSE, _Payload(sparse=ctypes.pointer(memory[-1])))


def _take_array(array, owner):
    shape, data = array.shape[:array.dimensions], array.data
    if owner is None:
        owner = ctypes.create_string_buffer(ctypes.string_at(data, array.size), array.size)
        data = ctypes.addressof(owner)
    taken = Array(array.element, shape, data, array.size, owner)
    return taken if shape else taken.tolist()


# ---- Values of the library. ----

def _take(value, owner=None):
    """A value of the library. Its arrays stay where they are if the owner keeps them."""
    kind, payload = value.kind, value.payload
    if kind in (LIST, TUPLE, DICTIONARY):
        items = (_Value * payload.items.count).from_address(payload.items.data or 1)
        items = [_take(item, owner) for item in items]
        if kind == DICTIONARY:
            return dict(zip(items[::2], items[1::2]))
        return items if kind == LIST else tuple(items)
    if kind in (STRING, BYTES):
        text = ctypes.string_at(payload.bytes.data, payload.bytes.size)
        return text.decode() if kind == STRING else text
    if kind == OBJECT:
        return _object(payload.object)
    if kind == FUNCTION:
        return _functions[payload.function]
    if kind == ARRAY:
        return _take_array(payload.array.contents, owner)
    if kind == SPARSE:
        given = payload.sparse.contents
        vectors = [_take_array(vector, owner) for vector in (given.data, given.indices,
                                                             given.indptr)]
        return Sparse(*vectors, (given.rows, given.columns))
    return {BOOL: payload.integer != 0, INT: payload.integer, FLOAT: payload.number}.get(kind)


def _ask(function, handle):
    """The text or the bytes of an object."""
    result = _Result()
    if function(handle, byref(result)) != OK:
        raise _failure()
    given = result.value.payload.bytes
    return ctypes.string_at(given.data, given.size)


_objects, _objects_lock = weakref.WeakValueDictionary(), threading.RLock()


def _object(handle, kind=None):
    """The object of a handle: the same one each time. It frees the handle once, and
    each further time that it is given is freed here."""
    with _objects_lock:
        known = _objects.get(handle)
        if known is None:
            known = object.__new__(kind or _classes[_library.zeromq_object_class(handle)])
            known._handle = handle
            _objects[handle] = known
        else:
            _library.zeromq_object_free(handle)
        return known


# ---- What the library calls back. ----

def _warn(context, tag, message):
    # Warnings may be made errors, which would end here.
    try:
        warnings.warn(f"{tag.decode()}: {message.decode()}", RuntimeWarning, stacklevel=4)
    except Warning as failure:
        _call.failure = failure


def _watch():
    """Python raises KeyboardInterrupt, and what else handlers of signals raise, where it
    next runs code of the main thread, also on the way into a function; in a generator it
    does so behind the yield."""
    answer = 0
    while True:
        try:
            while True:
                yield answer
                answer = int(_call.failure is not None)
        except GeneratorExit:
            return
        except BaseException as failure:
            _call.failure, answer = failure, 1


def _call_function(context, number, arguments, count, result):
    memory = _Memory()
    try:
        _callers.add(id(_call.innermost))
        returned = _functions[number](*[_take(arguments[at]) for at in range(count)])
        value = _lend(returned, memory)
        ctypes.memmove(result, byref(value), sizeof(value))
        _call.returned = memory
        return 0
    except BaseException as failure:
        memory.forget()
        _call.failure = failure
        return 1


@_FAILURE
def _tell_failure(context, tag, text):
    """Tells a worker why a function failed. What ends the program is raised as it is."""
    failure = _call.failure
    name = type(failure).__name__
    if isinstance(failure, KeyboardInterrupt):
        name = "ZMQInterrupted"
    elif not isinstance(failure, Exception):
        name = "Exit"
    try:
        shown = str(failure)
    except Exception:
        shown = "an error that cannot be shown"
    _call.told = [given.replace("\0", " ").encode("utf-8", "replace") for given in (name, shown)]
    tag[0], text[0] = _call.told


# Its address tells this machine from every other, also from a copy of this module.
_machine, _hosts = ctypes.create_string_buffer(2), {}


def _host(interrupted):
    """Registers this machine. The struct is copied; the functions in it stay."""
    host, number = _Host(sizeof(_Host), ABI, ctypes.addressof(_machine),
                         HOST_BYTES | HOST_ARRAYS | HOST_SPARSE, _WARN(_warn), interrupted, _CALL(_call_function),
                         None, _tell_failure), c_uint64()
    if _library.zeromq_host_register(byref(host), byref(number)) != OK:
        raise _failure()
    _hosts[number.value] = host
    return number.value


def _watched():
    """The host of the main thread. A signal between two others may end its watcher."""
    global _watcher, _main
    if _watcher is None or _watcher.gi_frame is None:
        _watcher = _watch()
        next(_watcher)
        _main = _host(_INTERRUPTED(_watcher.send))
    return _main


# Calls of other threads end once the context is no empty text: nothing of Python runs for
# this, which ends a thread when the interpreter ends, and a process if Rust is further out.
_libc = ctypes.cdll.msvcrt if sys.platform == "win32" else ctypes.CDLL(None)
_others = _host(_INTERRUPTED(ctypes.cast(_libc.strlen, c_void_p).value))
_watcher = _main = None


def _invoke(method, receiver, arguments, named, kind=None):
    memory, result, outer = _Memory(), _Result(), (_call.returned, _call.innermost)
    # Signals come to the main thread only, and their handlers may call this.
    main = threading.current_thread() is threading.main_thread()
    host = _watched() if main and not (_watcher and _watcher.gi_running) else _others
    try:
        given = _array(_Value, [_lend(value, memory) for value in arguments], memory)
        passed = _array(_Named, [_Named(name.encode(), _lend(value, memory))
                                 for name, value in named.items()], memory)
    except BaseException:
        memory.forget()
        raise
    try:
        _call.innermost = memory
        code = _library.zeromq_call(host, ctypes.addressof(method), receiver, given, len(given),
                                    passed, len(passed), byref(result))
        failure, _call.failure = _call.failure, None
        if code == TASK and isinstance(failure, Exception):
            raise _failure() from failure
        if failure is not None:
            raise failure
        if code == CALLBACK:
            # Python has raised it on the way into the function, and told the user.
            raise KeyboardInterrupt
        if code != OK:
            raise _failure()
        if kind is None:
            return _take(result.value, result)
        return _object(result.value.payload.object, kind)
    finally:
        _callers.discard(id(memory))
        _call.returned, _call.innermost = outer
        while number := _library.zeromq_function_released(host):
            _functions.pop(number, None)


# ---- Classes. ----

class Object:
    """What all classes of ZeroMQ have in common."""

    _handle = 0

    def __init__(self, *arguments, **named):
        """The constructor has used them."""

    def __repr__(self):
        return _ask(_library.zeromq_object_text, self._handle).decode()

    def __eq__(self, other):
        same = isinstance(other, Object)
        return same and _library.zeromq_object_equals(self._handle, other._handle) == 1

    def __hash__(self):
        return _library.zeromq_object_hash(self._handle)

    def __bytes__(self):
        """The bytes of a ZMQFrame."""
        return _ask(_library.zeromq_object_bytes, self._handle)

    def __iter__(self):
        """Visits what Morpho's for loop would."""
        if not hasattr(self, "enumerate"):
            raise TypeError(f"{type(self).__name__!r} object is not iterable")
        return (self.enumerate(index) for index in range(self.enumerate(-1)))

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        for name in "close", "stop":
            if hasattr(self, name):
                return getattr(self, name)() and None

    def __del__(self, free=_library.zeromq_object_free):
        free(self._handle)


def _signature(method, first):
    kinds = {REQUIRED: inspect.Parameter.POSITIONAL_ONLY,
             OPTIONAL: inspect.Parameter.POSITIONAL_ONLY,
             VARIADIC: inspect.Parameter.VAR_POSITIONAL, NAMED: inspect.Parameter.KEYWORD_ONLY}
    parameters = [inspect.Parameter(name, kinds[REQUIRED]) for name in first]
    rows = [row.contents for row in method.parameters[:method.parameter_count]]
    # Some are given by position or by name.
    taken = {row.name for row in rows if row.role == NAMED}
    for row in rows:
        default = None if row.role in (OPTIONAL, NAMED) else inspect.Parameter.empty
        name = row.name.decode()
        if keyword.iskeyword(name) or row.role != NAMED and row.name in taken:
            name += "_"
        parameters.append(inspect.Parameter(name, kinds[row.role], default=default))
    return inspect.Signature(parameters)


def _function(method, way):
    """A method, a function of the class itself, or the constructor."""
    if way == "method":
        def function(self, /, *arguments, **named):
            if not isinstance(self, Object):
                raise TypeError(f"{function.__name__}: it is called on an object of ZeroMQ")
            return _invoke(method, self._handle, arguments, named)
    elif way == "function":
        def function(*arguments, **named):
            return _invoke(method, 0, arguments, named)
    else:
        def function(cls, /, *arguments, **named):
            return _invoke(method, 0, arguments, named, cls)
    function.__name__ = method.name.decode() if way != "constructor" else "__new__"
    function.__doc__ = f"{method.signature.decode()}\n\n{method.doc.decode()}"
    function.__signature__ = _signature(
        method, {"method": ["self"], "function": [], "constructor": ["cls"]}[way])
    return staticmethod(function) if way == "function" else function


def _no_constructor(cls, /, *arguments, **named):
    raise TypeError(f"{cls.__name__} has no objects of its own")


def _make_class(described):
    members = {"__module__": __name__, "__doc__": described.doc.decode(),
               "_described": ctypes.addressof(described), "__new__": _no_constructor}
    for way, rows, count in [("method", described.methods, described.method_count),
                             ("function", described.functions, described.function_count)]:
        for row in rows[:count]:
            members[row.contents.name.decode()] = _function(row.contents, way)
    if described.constructor:
        members["__new__"] = _function(described.constructor.contents, "constructor")
        members["__doc__"] += "\n\n" + members["__new__"].__doc__
    made = type(described.name.decode(), (_classes.get(described.parent, Object),), members)
    _classes[members["_described"]] = made
    globals()[made.__name__] = made
    if described.alias:
        globals()[described.alias.decode()] = made


_classes, _listed = {}, _library.zeromq_classes()
for _one in itertools.takewhile(bool, map(_listed.__getitem__, itertools.count())):
    _make_class(_one.contents)



@atexit.register
def _end():
    """What was sent leaves before the process ends, and other threads leave the library."""
    _machine.value = b"x"
    # Python only notes Ctrl-C, and acts on it after the wait, which may be endless.
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        try:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
        except ValueError:
            pass  # Not in the main thread.
    _library.zeromq_shutdown()
    end = time.monotonic() + 1
    while _callers and time.monotonic() < end:
        time.sleep(0.001)
