"""Matrix products by NumPy's rules on the user's axes: matmul, dot, inner, outer, tensordot, einsum."""

from __future__ import annotations

import string
from collections.abc import Callable
from typing import Any

import numpy as np

from gradproof.arrays.structure import same_family, unsupported


def matmul(a: Any, b: Any) -> Any:
    """`a @ b`: a vector is a row on the left and a column on the right, and that axis is dropped again."""
    model = same_family([a, b])
    left, right = model._lift(a), model._lift(b)
    if 0 in (left.ndim, right.ndim):
        raise ValueError("matmul: Input operand does not have enough dimensions (a scalar cannot be multiplied with @)")
    vector_left, vector_right = left.ndim == 1, right.ndim == 1
    rows = left[None, :] if vector_left else left
    columns = right[:, None] if vector_right else right
    if rows.shape[-1] != columns.shape[-2]:
        raise ValueError(f"matmul: shapes {left.shape} and {right.shape} do not fit")
    ndim = max(rows.ndim, columns.ndim)
    result = rows._padded(ndim)._matmul(columns._padded(ndim))
    if vector_right:
        result = result[..., 0]
    if vector_left:
        result = result[..., 0] if vector_right else result[..., 0, :]
    return result


def vecdot(a: Any, b: Any) -> Any:
    """`np.vecdot` over the last axis."""
    left, right = (same_family([a, b])._lift(x) for x in (a, b))
    return matmul(left[..., None, :], right[..., :, None])[..., 0, 0]


def matvec(a: Any, b: Any) -> Any:
    """`np.matvec`: matrices times vectors."""
    right = same_family([a, b])._lift(b)
    return matmul(a, right[..., :, None])[..., 0]


def vecmat(a: Any, b: Any) -> Any:
    """`np.vecmat`: vectors times matrices."""
    left = same_family([a, b])._lift(a)
    return matmul(left[..., None, :], b)[..., 0, :]


def dot(a: Any, b: Any, out: Any = None) -> Any:
    """`np.dot`: a product with a scalar, else the sum over a's last and b's last but one axis."""
    if out is not None:
        raise unsupported("np.dot with out=")
    if np.ndim(a) == 0 or np.ndim(b) == 0:
        return np.multiply(a, b)
    if np.ndim(b) <= 2:
        return np.matmul(a, b)
    return tensordot(a, b, axes=(-1, -2))


def inner(a: Any, b: Any) -> Any:
    """`np.inner`: the sum over both last axes."""
    if np.ndim(a) == 0 or np.ndim(b) == 0:
        return np.multiply(a, b)
    return np.matmul(a, b) if np.ndim(b) == 1 else tensordot(a, b, axes=(-1, -1))


def outer(a: Any, b: Any, out: Any = None) -> Any:
    """`np.outer` of the flattened arrays."""
    if out is not None:
        raise unsupported("np.outer with out=")
    left, right = (same_family([a, b])._lift(x).ravel() for x in (a, b))
    return np.multiply(left[:, None], right[None, :])


def vdot(a: Any, b: Any) -> Any:
    """`np.vdot` of the flattened arrays."""
    return np.matmul(np.ravel(a), np.ravel(b))


def tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    """`np.tensordot`: transposed and reshaped to one matrix product, as NumPy does it."""
    left, right = (same_family([a, b])._lift(x) for x in (a, b))
    summed_left, summed_right = _summed_axes(axes, left.ndim, right.ndim)
    if [left.shape[i] for i in summed_left] != [right.shape[i] for i in summed_right]:
        raise ValueError("shape-mismatch for sum")
    free_left = [i for i in range(left.ndim) if i not in summed_left]
    free_right = [i for i in range(right.ndim) if i not in summed_right]
    count = int(np.prod([left.shape[i] for i in summed_left], dtype=int))
    rows = left.transpose(*free_left, *summed_left).reshape(-1 if count else 0, count)
    columns = right.transpose(*summed_right, *free_right).reshape(count, -1 if count else 0)
    shape = [left.shape[i] for i in free_left] + [right.shape[i] for i in free_right]
    return np.matmul(rows, columns).reshape(tuple(shape))


def _summed_axes(axes: Any, left: int, right: int) -> tuple[list[int], list[int]]:
    if isinstance(axes, int):
        return list(range(left - axes, left)), list(range(axes))
    first, second = ([a] if isinstance(a, int) else list(a) for a in axes)
    return [i % left for i in first], [i % right for i in second]


def einsum(*operands: Any, out: Any = None, optimize: Any = False, **kwargs: Any) -> Any:
    """`np.einsum` in its string form; the hidden axes are named by letters that the user left free."""
    subscripts, arrays = operands[0], operands[1:]
    if out is not None or kwargs or not isinstance(subscripts, str):
        raise unsupported(
            "np.einsum with out=, other keywords or index lists", way_out="use np.einsum('ij,jk->ik', a, b)"
        )
    model = same_family(arrays)
    lifted = [model._lift(x) for x in arrays]
    return model._contracted(_with_lead(subscripts.replace(" ", ""), model.lead), lifted)


def _with_lead(subscripts: str, lead: int) -> str:
    """`ij,jk` with one hidden axis: `aij,ajk->aik`."""
    inputs, arrow, output = subscripts.partition("->")
    if not arrow:
        letters = inputs.replace(",", "").replace(".", "")
        output = ("..." if "..." in inputs else "") + "".join(sorted(c for c in letters if letters.count(c) == 1))
    hidden = "".join([c for c in string.ascii_letters if c not in subscripts][:lead])
    if len(hidden) < lead:
        raise unsupported("np.einsum with so many letters")
    return ",".join(hidden + term for term in inputs.split(",")) + "->" + hidden + output


PRODUCTS: dict[Callable[..., Any], Callable[..., Any]] = {
    np.dot: dot,
    np.inner: inner,
    np.outer: outer,
    np.vdot: vdot,
    np.tensordot: tensordot,
    np.einsum: einsum,
}
