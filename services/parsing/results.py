"""What crosses from a child that a hostile file may have taken over: data of known types, and no code.

A pickle names what is to be called when it is read. Here only these are found: dataclasses, named tuples and refusals of ours,
and the plain types below; a DataFrame crosses as Arrow's bytes.
"""

import builtins
import collections
import dataclasses
import datetime
import decimal
import importlib
import io
import pathlib
import pickle
from typing import Any

import pandas as pd
import pyarrow as pa

from services.errors import DeskError

_PLAIN: dict[tuple[str, str], Any] = {
    (one.__module__, one.__qualname__): one
    for one in (
        set, frozenset, collections.Counter, collections.OrderedDict, datetime.date, datetime.datetime, datetime.timedelta,
        datetime.timezone, decimal.Decimal, pathlib.PosixPath,
    )
}  # fmt: skip


def pack(value: Any) -> bytes:
    stream = io.BytesIO()
    _Pickler(stream, protocol=5).dump(value)
    return stream.getvalue()


def unpack(raw: bytes) -> Any:
    """Raises pickle.UnpicklingError where it names what does not cross, or is no pickle."""
    try:
        return _Unpickler(io.BytesIO(raw)).load()
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 (whatever a wrong pickle makes of the reader)
        raise pickle.UnpicklingError(f"{type(error).__name__}: {error}") from None


class _Pickler(pickle.Pickler):
    def reducer_override(self, value: Any) -> Any:
        if isinstance(value, pd.DataFrame):
            return frame, (_arrow(value),)
        if isinstance(value, DeskError):
            return refusal, (type(value), value.args, vars(value))
        return NotImplemented


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in _OURS:
            return _OURS[module, name]
        if (module, name) in _PLAIN:
            return _PLAIN[module, name]
        if module == "builtins" and _is_os_error(found := getattr(builtins, name, None)):
            return found
        if module.startswith("services.") and name.isidentifier():
            found = getattr(importlib.import_module(module), name, None)
            if isinstance(found, type) and found.__module__ == module and _is_data(found):
                return found
        raise pickle.UnpicklingError(f"{module}.{name} does not cross")


def _is_os_error(found: Any) -> bool:
    return isinstance(found, type) and issubclass(found, OSError)


def _is_data(found: type) -> bool:
    return dataclasses.is_dataclass(found) or issubclass(found, DeskError | tuple)


def _arrow(value: pd.DataFrame) -> bytes:
    table = pa.Table.from_pandas(value, preserve_index=False, nthreads=1)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    raw: bytes = sink.getvalue().to_pybytes()
    return raw


def frame(raw: bytes) -> pd.DataFrame:
    table = pa.ipc.open_stream(raw).read_all()
    table.validate(full=True)
    found: pd.DataFrame = table.to_pandas(use_threads=False)
    return found


def refusal(kind: type[DeskError], arguments: tuple[Any, ...], values: dict[str, Any]) -> DeskError:
    """An error without running its constructor, whose arguments may be others than those that it keeps."""
    if not issubclass(kind, DeskError):
        raise pickle.UnpicklingError(f"{kind} is no refusal")
    made = kind.__new__(kind, *arguments)
    vars(made).update(values)
    return made


_OURS = {(__name__, one.__name__): one for one in (frame, refusal)}
