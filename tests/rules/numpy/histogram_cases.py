"""Cases of histograms in several dimensions."""

import numpy as np

from .cases import CONSTANT, case, distinct, draw

# -- histograms, in their weights ----------------------------------------------------------------------
_points = np.array([[0.1, 0.2], [0.9, 0.4], [0.5, 0.5], [0.3, 2.0], [1.0, 0.9]])
for _bins in (3, [2, 3], [[0.0, 0.5, 1.0], [0.0, 0.25, 1.0]]):
    case(np.histogramdd, draw(5, low=0.5), f=lambda w, b=_bins: np.histogramdd(_points, b, [(0, 1), (0, 1)], weights=w)[0], label=f"{_bins}")
    case(np.histogramdd, draw(5, low=0.5), f=lambda w, b=_bins: np.histogramdd(_points, b, density=True, weights=w), label=f"density, {_bins}")
case(np.histogramdd, draw(5, dtype=np.float32), f=lambda w: np.histogramdd(list(_points.T), 2, weights=w)[0], label="columns")
case(np.histogram2d, draw(5, low=0.5), f=lambda w: np.histogram2d(*_points.T, 3, weights=w, density=True))
case(np.histogram2d, draw(5), f=lambda w: np.histogram2d(*_points.T, [0.0, 0.3, 0.6, 1.0], weights=w)[0], label="edges")
case(np.histogramdd, _points, draw(5, low=0.5), f=lambda x, w: np.histogramdd(x, 2, density=True, weights=w), label="edges of the values")
case(
    np.histogram2d, distinct(4), np.array([-2.0, 0.1, 2.0]),
    f=lambda x, y: np.histogram2d(x, x * x, [y, 2], [None, (-1, x[0] + 9)], density=True)[:2], label="edges",
)  # fmt: skip
CONSTANT[np.histogramdd] = lambda x: np.histogramdd(x, 2)[0]
CONSTANT[np.histogram2d] = lambda x: np.histogram2d(x[0], x[1], 2, range=[(-1, 1), (-1, 2)])[0]
