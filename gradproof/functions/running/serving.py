"""Both ends of the pipe between the judge and the process in which a function runs.

What comes back is data in JSON with raw bytes behind it: nothing that the function could do to it is ever executed.
"""

from __future__ import annotations

import io
import json
import os
import pickle
import struct
from collections.abc import Callable
from typing import Any

import torch


def packed(value: Any) -> bytes:
    """Numbers, words, tensors, and lists and dicts of them, as bytes."""
    blob = io.BytesIO()
    head = json.dumps(_written(value, blob)).encode()
    return struct.pack("<Q", len(head)) + head + blob.getvalue()


def unpacked(message: bytes) -> Any:
    """What was packed; tuples come back as lists.

    Raises:
        ValueError: It is no such message.
    """
    try:
        (size,) = struct.unpack_from("<Q", message)
        return _read(json.loads(message[8 : 8 + size]), memoryview(message)[8 + size :])
    except (struct.error, KeyError, IndexError, TypeError, AttributeError, RuntimeError) as error:
        raise ValueError(f"not an answer: {error}") from error


def _written(value: Any, blob: io.BytesIO) -> Any:
    if isinstance(value, torch.Tensor):
        start = blob.tell()
        flat = value.detach().cpu().contiguous().reshape(-1)
        blob.write(flat.view(torch.uint8).numpy().tobytes() if flat.numel() else b"")
        name = str(value.dtype).removeprefix("torch.")
        return {"tensor": [name, list(value.shape), start, blob.tell() - start]}
    if isinstance(value, dict):
        return {"dict": [[name, _written(part, blob)] for name, part in value.items()]}
    if isinstance(value, list | tuple):
        return {"list": [_written(part, blob) for part in value]}
    return {"plain": value}


def _read(node: Any, blob: memoryview) -> Any:
    ((kind, value),) = node.items()
    if kind == "tensor":
        name, shape, start, size = value
        dtype = getattr(torch, name)
        if not size:
            return torch.empty(shape, dtype=dtype)
        return torch.frombuffer(bytearray(blob[start : start + size]), dtype=dtype).reshape(shape)
    if kind == "dict":
        return {name: _read(part, blob) for name, part in value}
    if kind == "list":
        return [_read(part, blob) for part in value]
    return value


def send(pipe: int, message: bytes) -> None:
    """Write a message with its length before it."""
    data = memoryview(struct.pack("<Q", len(message)) + message)
    while data:
        data = data[os.write(pipe, data[: 1 << 20]) :]


def receive(pipe: int) -> bytes:
    """Read one message.

    Raises:
        EOFError: The other side is gone.
    """
    (size,) = struct.unpack("<Q", _exactly(pipe, 8))
    return _exactly(pipe, size)


def _exactly(pipe: int, size: int) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        part = os.read(pipe, min(size - len(parts), 1 << 20))
        if not part:
            raise EOFError
        parts += part
    return bytes(parts)


def serve(target: Any, requests: int, replies: int, actions: dict[str, Callable[..., Any]]) -> None:
    """Answer requests until the other side is gone."""
    memory: dict[str, Any] = {}
    while True:
        try:
            message = receive(requests)
        except EOFError:
            os._exit(0)
        action, others, rest = pickle.loads(message)
        request = unpacked(rest)
        request["values"] = {n: others[n] if n in others else request["values"][n] for n in request.get("order", [])}
        send(replies, packed(actions[action](target, request, memory)))
