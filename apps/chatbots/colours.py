"""The colours that follow from a chatbot's one, for light and dark pages, each with the contrast that reading needs."""

import re
from dataclasses import dataclass

READABLE = 4.5  # WCAG 2.2, 1.4.3: text on its ground
BLACK, WHITE = "#000000", "#ffffff"
# The grounds of a visitor's page that are hardest to read on: the darkest light one, the lightest dark one.
LIGHT_GROUND, DARK_GROUND = "#e9efec", "#1f2928"
STEP = 0.01  # of OKLCH lightness, which goes from 0 to 1
PLEASANT_ON_DARK = 0.8  # lightness: what is just readable on a dark page looks dull
STRONGER = 0.08  # how much darker or lighter a control gets under the pointer
_HEX = re.compile(r"#[0-9a-f]{6}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Shades:
    """A colour as text and as a control's ground on one kind of page, and what is written on it."""

    accent: str
    strong: str
    on_accent: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Palette:
    """A colour as its owner chose it with what can be read on it, and its shades on light and dark pages."""

    colour: str
    on_colour: str
    light: Shades
    dark: Shades


def palette_of(colour: str) -> Palette:
    """Return what follows from a colour like #0f5a57. Raises ValueError for anything else."""
    colour = colour.lower()
    if not _HEX.fullmatch(colour):
        raise ValueError(colour)
    lightness, a, b = _oklab(colour)
    dark, light = lightness, max(lightness, PLEASANT_ON_DARK)
    on_light = colour
    while contrast(on_light, LIGHT_GROUND) < READABLE:
        dark -= STEP
        on_light = _hex(dark, a, b)
    on_dark = _hex(light, a, b)
    while contrast(on_dark, DARK_GROUND) < READABLE:
        light += STEP
        on_dark = _hex(light, a, b)
    return Palette(
        colour=colour,
        on_colour=WHITE if contrast(colour, WHITE) >= READABLE else BLACK,
        light=Shades(accent=on_light, strong=_hex(dark - STRONGER, a, b), on_accent=WHITE),
        dark=Shades(accent=on_dark, strong=_hex(light + STRONGER, a, b), on_accent=BLACK),
    )


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours as WCAG defines it, from 1 to 21."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    red, green, blue = _linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return _unbent(red), _unbent(green), _unbent(blue)


def _unbent(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4


def _bent(part: float) -> float:
    return part * 12.92 if part <= 0.0031308 else 1.055 * part ** (1 / 2.4) - 0.055


# OKLab (Björn Ottosson, 2020): its lightness can be changed without the colour turning into another one.
def _oklab(colour: str) -> tuple[float, float, float]:
    red, green, blue = _linear(colour)
    long = (0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue) ** (1 / 3)
    middle = (0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue) ** (1 / 3)
    short = (0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue) ** (1 / 3)
    return (
        0.2104542553 * long + 0.7936177850 * middle - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * middle + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * middle - 0.8086757660 * short,
    )


def _rgb(lightness: float, a: float, b: float) -> tuple[float, float, float]:
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short,
    )


def _hex(lightness: float, a: float, b: float) -> str:
    """Return the colour of that lightness, as vivid as a screen can show it."""
    lightness = min(max(lightness, 0.0), 1.0)
    if lightness in {0.0, 1.0}:
        return WHITE if lightness else BLACK
    vividness = 1.0
    while not all(-0.001 <= part <= 1.001 for part in _rgb(lightness, a * vividness, b * vividness)):
        vividness -= 0.02
    parts = _rgb(lightness, a * max(vividness, 0.0), b * max(vividness, 0.0))
    return "#" + "".join(f"{round(255 * _bent(min(max(part, 0.0), 1.0))):02x}" for part in parts)
