"""Fits the figures of `catalogue/tokenizers.toml` to texts of your own.

    python tests/oracles/tokens/fit.py FOLDER

FOLDER holds a folder for each kind of text with files of 100 to 4,000 characters each. Printed are the
weights of every vocabulary, in the order of `baimo.context.shapes.NAMES`, and how far off they are for each
kind. To be run in the environment of these tests, from the root of the repository.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
from vocabularies import VOCABULARIES

from baimo.context.shapes import shape

ROUNDS = 4
RIDGE = 3e-3
FLOOR = 0.05
"""Errors below this share weigh alike, larger ones less, so that odd texts rule nothing."""


def fitted(shapes: Any, counts: Any, importance: Any) -> Any:
    """Weights with the least relative errors."""
    rows = shapes / counts[:, None] * importance[:, None]
    scale = np.sqrt((rows**2).sum(0)) + 1e-9
    damped = np.ones(len(counts))
    for _ in range(ROUNDS):
        scaled = rows / scale * damped[:, None]
        square = scaled.T @ scaled + RIDGE * np.eye(shapes.shape[1])
        weights = np.linalg.solve(square, scaled.T @ (importance * damped)) / scale
        damped = 1 / np.sqrt(np.maximum(np.abs(shapes @ weights / counts - 1), FLOOR))
    return weights


def main(folder: Path) -> None:
    files = sorted(folder.glob("*/*"))
    kinds = np.array([path.parent.name for path in files])
    texts = [path.read_text("utf-8") for path in files]
    importance = np.array([1 / np.sqrt((kinds == kind).sum()) for kind in kinds])
    shapes = np.array([shape(text) for text in texts], float)
    for name, (_, make) in VOCABULARIES.items():
        count = make()
        counts = np.array([count(text) for text in texts], float)
        weights = fitted(shapes, counts, importance)
        print(name, [round(float(weight), 2) for weight in weights])
        for kind in sorted(set(kinds)):
            of = kinds == kind
            print(f"  {kind}: {(shapes[of] @ weights).sum() / counts[of].sum() - 1:+.1%}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
