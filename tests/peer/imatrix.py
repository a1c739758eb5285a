#!/usr/bin/env python3
"""imatrix.py PEER OURS: compares the importance matrices of llama.cpp and of this runtime. Prints the largest differences; fails if
tensors or shapes differ, if the counts of an expert differ, or if the sums of a matrix differ by more than 0.1 %: the difference of
the totals, and the sum of the differences of single columns over the total."""
import array
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "data"))
from gguf import Gguf  # noqa: E402 (the path is set above)

BOUND = 0.001
peer, ours = ({name: (dimensions, array.array("f", data)) for name, dimensions, _, data in Gguf(pathlib.Path(path)).tensors}
              for path in sys.argv[1:3])
problems = [f"{name}: in one file only" for name in sorted(peer.keys() ^ ours.keys())]
totals, columns = [], []
for name in sorted(peer.keys() & ours.keys()):
    (expected_shape, expected), (shape, found) = peer[name], ours[name]
    if shape != expected_shape or len(expected) != len(found):
        problems.append(f"{name}: expected {expected_shape}, found {shape}")
    elif name.endswith(".counts"):
        differing = sum(one != other for one, other in zip(expected, found))
        if differing:
            problems.append(f"{name}: {differing} of {len(found)} counts differ")
    else:
        for first in range(0, len(found), shape[0]):  # a matrix, or an expert of one
            one, other = expected[first:first + shape[0]], found[first:first + shape[0]]
            scale = sum(one) or 1
            totals.append((abs(sum(other) - sum(one)) / scale, name, first // shape[0]))
            columns.append((sum(abs(y - x) for x, y in zip(one, other)) / scale, name, first // shape[0]))
if not totals:
    problems.append("no sums to compare")
for what, values in ("totals", totals), ("columns", columns):
    if values:
        worst, name, matrix = max(values)
        print(f"{what}: at most {100 * worst:.4f} % in {len(values)} matrices ({name}, matrix {matrix})")
        if not worst <= BOUND:
            problems.append(f"{what} differ by more than {100 * BOUND} %")
print("\n".join(problems) if problems else "the same tensors and counts")
sys.exit(bool(problems))
