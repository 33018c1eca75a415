"""Convert pictures to sRGB, from whatever a file says about its colours.

Sources: ITU-T H.273 for code points; ITU-R BT.2100 for PQ and HLG; ITU-R BT.2408 for reference white; ICC.1:2022 for
profiles.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from io import BytesIO
from struct import pack

from PIL import Image, ImageCms

from ninja_orgkit.media.formats.contents import SRGB, Cicp, Colours, Gamma

_D65 = (0.3127, 0.3290)
# Chromaticities of white, red, green and blue by code point
_BT709 = (*_D65, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06)
_PRIMARIES = {
    1: _BT709,
    4: (0.310, 0.316, 0.67, 0.33, 0.21, 0.71, 0.14, 0.08),
    5: (*_D65, 0.64, 0.33, 0.29, 0.60, 0.15, 0.06),
    6: (*_D65, 0.630, 0.340, 0.310, 0.595, 0.155, 0.070),
    7: (*_D65, 0.630, 0.340, 0.310, 0.595, 0.155, 0.070),
    8: (0.310, 0.316, 0.681, 0.319, 0.243, 0.692, 0.145, 0.049),
    9: (*_D65, 0.708, 0.292, 0.170, 0.797, 0.131, 0.046),
    11: (0.314, 0.351, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),
    12: (*_D65, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),
    22: (*_D65, 0.630, 0.340, 0.295, 0.605, 0.155, 0.077),
}
_UNSPECIFIED = 2
# The camera curves of television are shown with the curve of sRGB, as browsers do.
_SRGB_CURVES = {1, 6, 7, 11, 12, 13, 14, 15}
_GAMMAS = {4: 2.2, 5: 2.8, 8: 1.0, 17: 2.6}
_PQ, _HLG = 16, 18
_REFERENCE_WHITE = 203  # cd/m², shown as white; what is brighter is shown as white, too
_CURVE_POINTS = 4096
_SRGB_GAMMA = 2.2
_GAMMA_RANGE = (0.1, 10.0)
_NEARLY = 0.01


class ColourConverter:
    """Converts the pictures of one file to sRGB. ``descriptions`` are tried in order, until one can be used."""

    def __init__(self, descriptions: Sequence[Colours]) -> None:
        self._descriptions = descriptions
        self._transforms: dict[str, ImageCms.ImageCmsTransform | None] = {}

    def convert(self, picture: Image.Image) -> Image.Image:
        """Return a picture (L, LA, RGB, RGBA or CMYK) in sRGB and without metadata.

        A profile that is broken or for other colours is ignored, as browsers do.
        """
        alpha = picture.getchannel("A") if picture.mode in ("LA", "RGBA") else None
        colours = picture.convert({"LA": "L", "RGBA": "RGB"}[picture.mode]) if alpha else picture
        if colours.mode not in self._transforms:
            self._transforms[colours.mode] = self._transform(colours.mode)
        if transform := self._transforms[colours.mode]:
            mode = transform.input_mode
            picture = transform.apply(colours if colours.mode == mode else colours.convert(mode))
            if alpha:
                picture.putalpha(alpha)
        if picture.mode == "CMYK":
            picture = picture.convert("RGB")
        picture.info = {}  # nothing of the original's metadata reaches an encoder
        return picture

    def _transform(self, mode: str) -> ImageCms.ImageCmsTransform | None:
        """Return what converts pictures of a mode, None if they are in sRGB. An RGB profile serves for greys, too."""
        for description in self._descriptions:
            if (profile := _profile(description)) is None:
                continue
            if not profile:
                return None
            for source in ("L", "RGB") if mode == "L" else (mode,):
                try:
                    return ImageCms.buildTransform(
                        ImageCms.ImageCmsProfile(BytesIO(profile)), ImageCms.createProfile("sRGB"), source, "RGB"
                    )
                except (ImageCms.PyCMSError, OSError):
                    continue
        return None


def _profile(description: Colours) -> bytes | None:
    """Return an ICC profile, an empty one for sRGB, or None if a description means nothing."""
    if isinstance(description, bytes):
        return description
    if isinstance(description, Gamma):
        return _of_gamma(description)
    return _of_code_points(description)


def _of_code_points(colours: Cicp) -> bytes | None:
    primaries = 1 if colours.primaries == _UNSPECIFIED else colours.primaries
    transfer = SRGB.transfer if colours.transfer == _UNSPECIFIED else colours.transfer
    if primaries == SRGB.primaries and transfer in _SRGB_CURVES:
        return b""
    if primaries not in _PRIMARIES:
        return None
    if transfer in _SRGB_CURVES:
        curve = _srgb_curve()
    elif transfer in _GAMMAS:
        curve = _power_curve(_GAMMAS[transfer])
    elif transfer == _PQ:
        curve = _sampled_curve(_pq)
    elif transfer == _HLG:
        curve = _sampled_curve(_hlg)
    else:
        return None
    return _matrix_profile(_PRIMARIES[primaries], curve)


def _of_gamma(colours: Gamma) -> bytes | None:
    gamma = 1 / colours.exponent
    if not _GAMMA_RANGE[0] <= gamma <= _GAMMA_RANGE[1]:
        return None
    points = colours.chromaticities or _BT709
    # Encoders write 1/2.2 and the primaries of sRGB for pictures in sRGB.
    if abs(gamma - _SRGB_GAMMA) < _NEARLY and all(
        abs(one - two) < _NEARLY for one, two in zip(points, _BT709, strict=True)
    ):
        return b""
    try:
        return _matrix_profile(points, _power_curve(gamma))
    except (ZeroDivisionError, ValueError):
        return None


def _srgb_curve() -> bytes:
    return b"para\0\0\0\0\0\3\0\0" + b"".join(map(_fixed, (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)))


def _power_curve(gamma: float) -> bytes:
    return b"para\0\0\0\0\0\0\0\0" + _fixed(gamma)


def _sampled_curve(light: Callable[[float], float]) -> bytes:
    values = [round(65_535 * min(1.0, light(at / (_CURVE_POINTS - 1)))) for at in range(_CURVE_POINTS)]
    return b"curv\0\0\0\0" + pack(f">I{_CURVE_POINTS}H", _CURVE_POINTS, *values)


def _pq(value: float) -> float:
    """Return the light of a PQ sample, 1 for reference white (BT.2100, table 4)."""
    root = value ** (1 / 78.84375)
    light = (max(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root)) ** (1 / 0.1593017578125)
    return float(10_000 / _REFERENCE_WHITE * light)


def _hlg(value: float) -> float:
    """Return the light of an HLG sample on a display of 1,000 cd/m², 1 for reference white (BT.2100, table 5)."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = value * value / 3 if value <= 0.5 else (2.718281828459045 ** ((value - c) / a) + b) / 12
    return float(1_000 / _REFERENCE_WHITE * scene**1.2)


def _matrix_profile(points: Sequence[float], curve: bytes) -> bytes:
    """Return an ICC profile of three primaries and one curve (ICC.1, 8.3)."""
    tags = dict(zip((b"rXYZ", b"gXYZ", b"bXYZ"), map(_xyz, _columns(points)), strict=True))
    tags |= {b"wtpt": _xyz(_D50), b"rTRC": curve, b"gTRC": curve, b"bTRC": curve}
    table, data = pack(">I", len(tags)), b""
    start = 128 + 4 + 12 * len(tags)
    for name, content in tags.items():
        table += name + pack(">II", start + len(data), len(content))
        data += content + b"\0" * (-len(content) % 4)
    head = pack(">I4sI4s4s4s12x4s28x", start + len(data), b"\0\0\0\0", 0x04400000, b"mntr", b"RGB ", b"XYZ ", b"acsp")
    return head + b"".join(map(_fixed, _D50)) + b"\0" * 48 + table + data


_D50 = (0.9642, 1.0, 0.8249)
_BRADFORD = ((0.8951, 0.2664, -0.1614), (-0.7502, 1.7135, 0.0367), (0.0389, -0.0685, 1.0296))
_Matrix = Sequence[Sequence[float]]


def _columns(points: Sequence[float]) -> list[tuple[float, ...]]:
    """Return the primaries in XYZ, adapted to D50."""
    white, *primaries = ((x / y, 1.0, (1 - x - y) / y) for x, y in zip(points[::2], points[1::2], strict=True))
    shares = _times(_inverse(tuple(zip(*primaries, strict=True))), white)
    cone, cone_50 = _times(_BRADFORD, white), _times(_BRADFORD, _D50)
    adapted = []
    for primary, share in zip(primaries, shares, strict=True):
        response = _times(_BRADFORD, [share * value for value in primary])
        response = [value * new / old for value, new, old in zip(response, cone_50, cone, strict=True)]
        adapted.append(tuple(_times(_inverse(_BRADFORD), response)))
    return adapted


def _times(matrix: _Matrix, vector: Sequence[float]) -> list[float]:
    return [sum(one * two for one, two in zip(row, vector, strict=True)) for row in matrix]


def _inverse(matrix: _Matrix) -> list[list[float]]:
    (a, b, c), (d, e, f), (g, h, i) = matrix
    cofactors = [
        [e * i - f * h, c * h - b * i, b * f - c * e],
        [f * g - d * i, a * i - c * g, c * d - a * f],
        [d * h - e * g, b * g - a * h, a * e - b * d],
    ]
    determinant = a * cofactors[0][0] + b * cofactors[1][0] + c * cofactors[2][0]
    return [[value / determinant for value in row] for row in cofactors]


def _xyz(values: Sequence[float]) -> bytes:
    return b"XYZ \0\0\0\0" + b"".join(map(_fixed, values))


def _fixed(value: float) -> bytes:
    """Return a signed number with 16 bits behind the point. Raises ValueError when it is too large."""
    scaled = round(value * 65_536)
    if abs(scaled) >= 1 << 31:
        raise ValueError
    return pack(">i", scaled)
