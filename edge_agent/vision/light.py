"""Making a grey picture easier to read: bad light, blur, a moving hand. Each takes and gives height × width uint8."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.vision.readers import Gray

_EDGE_PX = 16  # mirrored around a picture before deblurring, so that its border does not ring into it
_NOISE_SHARE = 0.002  # of the signal; a larger one deblurs less and rings less
_MOTION_NOISE_SHARE = 0.015


def contrast(gray: Gray) -> tuple[float, float]:
    """The grey levels that one in a hundred pixels lies below, and above."""
    low, high = np.percentile(gray[::8, ::8], (1, 99))
    return float(low), float(high)


def brighten(gray: Gray, low: float, high: float) -> Gray:
    """Spread the levels `low` … `high` over the whole range, after averaging away what noise that brings up."""
    calm = cv2.GaussianBlur(gray, (5, 5), 0).astype(np.float32)
    spread: Gray = np.clip((calm - low) * (255 / max(high - low, 8.0)), 0, 255).astype(np.uint8)
    return spread


def even_out(gray: Gray) -> Gray:
    """Give each part of the picture its own full range: for shadows and reflections."""
    return np.asarray(cv2.createCLAHE(3.0, (8, 8)).apply(cv2.GaussianBlur(gray, (3, 3), 0)), np.uint8)


def sharpen(gray: Gray) -> Gray:
    """Unsharp mask: enough for a blur of up to two pixels."""
    return np.asarray(cv2.addWeighted(gray, 4.0, cv2.GaussianBlur(gray, (0, 0), 2.2), -3.0, 0), np.uint8)


@dataclass(frozen=True, slots=True)
class Blur:
    """What a blur left of the edges.

    `one_sided`: 0 where as many run one way as the other, 1 where all run one way. `angle` (radians, y down): the way
    it moved, where it is one-sided. `softness`: the share of the edges that a further blur leaves, 0.15 in a sharp
    picture, 0.6 in one three pixels out of focus.
    """

    angle: float
    one_sided: float
    softness: float


def blur_of(gray: Gray) -> Blur:
    """How the QR code that fills `gray` was blurred.

    A QR code has as many edges along one axis as along the other, so what is missing was wiped out by movement: the
    smaller axis of the structure tensor is the way it moved.
    """
    xx, yy, xy = _edges(gray, 1.0)
    if xx + yy == 0:
        return Blur(0.0, 0.0, 0.0)
    angle = float(np.arctan2(2 * xy, xx - yy)) / 2 + np.pi / 2
    return Blur(angle, float(np.hypot(xx - yy, 2 * xy)) / (xx + yy), sum(_edges(gray, 2.5)[:2]) / (xx + yy))


def _edges(gray: Gray, sigma_px: float) -> tuple[float, float, float]:
    """The structure tensor of the picture smoothed by `sigma_px`: across, down, mixed."""
    calm = cv2.GaussianBlur(gray, (0, 0), sigma_px)
    across, down = cv2.Sobel(calm, cv2.CV_32F, 1, 0), cv2.Sobel(calm, cv2.CV_32F, 0, 1)
    return float(np.vdot(across, across)), float(np.vdot(down, down)), float(np.vdot(across, down))


def undo_motion(gray: Gray, angle: float, length_px: float) -> Gray:
    """Wiener filter for a straight smear of `length_px` at `angle` (radians, y down)."""
    padded, down, across = _mirrored(gray)
    along = across * np.float32(np.cos(angle)) + down * np.float32(np.sin(angle))
    smear = np.sinc(along * np.float32(length_px)).astype(np.float32)
    return _filtered(gray, padded, smear / (smear * smear + np.float32(_MOTION_NOISE_SHARE)))


def undo_blur(gray: Gray, sigma_px: float) -> Gray:
    """Wiener filter for a lens out of focus by `sigma_px`."""
    padded, down, across = _mirrored(gray)
    blur = np.exp(np.float32(-2 * (np.pi * sigma_px) ** 2) * (across * across + down * down))
    return _filtered(gray, padded, (blur / (blur * blur + np.float32(_NOISE_SHARE))).astype(np.float32))


def _mirrored(gray: Gray) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """`gray` with mirrored edges at a size that transforms fast, and its frequencies down (N×1) and across (1×N)."""
    height, width = (cv2.getOptimalDFTSize(side + 2 * _EDGE_PX) for side in gray.shape)
    below, right = height - gray.shape[0] - _EDGE_PX, width - gray.shape[1] - _EDGE_PX
    padded = cv2.copyMakeBorder(gray, _EDGE_PX, below, _EDGE_PX, right, cv2.BORDER_REFLECT).astype(np.float32)
    down, across = np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width)[None]
    return padded, down.astype(np.float32), across.astype(np.float32)


def _filtered(gray: Gray, padded: NDArray[np.float32], factor: NDArray[np.float32]) -> Gray:
    """`padded` with its spectrum multiplied by the real `factor`, cut to `gray`. (Thrice as fast as numpy's FFT.)"""
    spectrum = cv2.dft(padded, flags=cv2.DFT_COMPLEX_OUTPUT) * factor[:, :, None]
    whole = cv2.idft(spectrum, flags=cv2.DFT_SCALE | cv2.DFT_REAL_OUTPUT)
    inner = whole[_EDGE_PX : _EDGE_PX + gray.shape[0], _EDGE_PX : _EDGE_PX + gray.shape[1]]
    clear: Gray = np.clip(inner, 0, 255).astype(np.uint8)
    return clear
