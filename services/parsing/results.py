"""Results of a child that a hostile file may have taken over: data of known types, and no code.

A pickle names the functions that are called when it is read. Only these are allowed here: the plain types below, and
`made`, which makes frozen dataclasses, named tuples and errors of ours without running their constructors; a batch of Arrow's is
sent as its bytes. A pickle never gets one of our classes itself: it could set the class's attributes.
"""

import builtins
import collections
import dataclasses
import datetime
import decimal
import functools
import importlib
import io
import pathlib
import pickle
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from services.errors import DeskError

if TYPE_CHECKING:
    import pyarrow as pa

# Types that the interpreter protects from changes.
_PLAIN: dict[tuple[str, str], Any] = {
    (one.__module__, one.__qualname__): one
    for one in (
        set,
        frozenset,
        collections.OrderedDict,
        datetime.date,
        datetime.datetime,
        datetime.timedelta,
        datetime.timezone,
        decimal.Decimal,
    )
}


def pack(value: Any) -> bytes:
    stream = io.BytesIO()
    _Pickler(stream, protocol=5).dump(value)
    return stream.getvalue()


def unpack(raw: bytes) -> Any:
    """Raises pickle.UnpicklingError if it names a type that is not allowed, or is no pickle."""
    try:
        return _Unpickler(io.BytesIO(raw)).load()
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 (whatever a wrong pickle makes of the reader)
        raise pickle.UnpicklingError(f"{type(error).__name__}: {error}") from None


class _Pickler(pickle.Pickler):
    def reducer_override(self, value: Any) -> Any:
        kind: Any = type(value)
        # What has made no batch has not loaded pyarrow: the program that calls for a mail or a table of requests does without.
        if (arrow := sys.modules.get("pyarrow")) and isinstance(value, arrow.RecordBatch):
            return batch, (_arrow(value),)
        if isinstance(value, pathlib.PurePath):
            return path, (str(value),)
        if isinstance(value, collections.Counter):
            return counter, (dict(value),)
        if isinstance(value, DeskError):
            return made, (kind.__module__, kind.__qualname__, value.args, vars(value))
        if isinstance(value, tuple):
            return made, (kind.__module__, kind.__qualname__, tuple(value), {})
        if hasattr(kind, "__dataclass_fields__"):
            values = {name: getattr(value, name) for name in _names(kind)}
            return made, (kind.__module__, kind.__qualname__, (), values)
        return NotImplemented


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in _OURS:
            return _OURS[module, name]
        if (module, name) in _PLAIN:
            return _PLAIN[module, name]
        if module == "builtins" and _is_os_error(found := getattr(builtins, name, None)):
            return found
        raise pickle.UnpicklingError(f"{module}.{name} is not allowed")


def _is_os_error(found: Any) -> bool:
    return isinstance(found, type) and issubclass(found, OSError)


@functools.cache
def _names(kind: type) -> frozenset[str]:
    """The fields of a dataclass."""
    return frozenset(field.name for field in dataclasses.fields(kind))


@functools.cache
def _kind(module: str, name: str) -> type:
    """A class of ours that has only data. Raises pickle.UnpicklingError."""
    if module.startswith("services.") and name.isidentifier():
        found = getattr(importlib.import_module(module), name, None)
        if isinstance(found, type) and found.__module__ == module and _is_data(found):
            return found
    raise pickle.UnpicklingError(f"{module}.{name} is not allowed")


def _is_data(found: type) -> bool:
    parameters = getattr(found, "__dataclass_params__", None)
    return (parameters is not None and parameters.frozen) or issubclass(found, DeskError | tuple)


def made(module: str, name: str, arguments: tuple[Any, ...], values: Mapping[str, Any]) -> Any:
    """A named tuple, dataclass or error, whose constructor may have other parameters than its fields."""
    kind: Any = _kind(module, name)
    if issubclass(kind, tuple):
        return tuple.__new__(kind, arguments)
    if not issubclass(kind, DeskError) and values.keys() != _names(kind):
        raise pickle.UnpicklingError(f"{name} has other fields")
    one = kind.__new__(kind, *arguments)
    vars(one).update(values)
    return one


def path(text: str) -> pathlib.Path:
    return pathlib.Path(text)


def counter(counts: dict[Any, int]) -> "collections.Counter[Any]":
    return collections.Counter(counts)


def _arrow(value: "pa.RecordBatch") -> bytes:
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, value.schema) as writer:
        writer.write_batch(value)
    raw: bytes = sink.getvalue().to_pybytes()
    return raw


def batch(raw: bytes) -> "pa.RecordBatch":
    import pyarrow as pa

    found = pa.ipc.open_stream(raw).read_next_batch()
    found.validate(full=True)
    return found


_OURS = {(__name__, one.__name__): one for one in (batch, made, path, counter)}
