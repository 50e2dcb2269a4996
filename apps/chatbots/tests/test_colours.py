"""Whatever colour an owner likes, what stands on it and is written in it can be read."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from apps.chatbots.colours import DARK_GROUND, LIGHT_GROUND, READABLE, contrast, palette_of

COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@given(COLOURS)
@example("#0f5a57")
@example("#ffffff")
@example("#000000")
@example("#ffff00")
@example("#00ff00")
@example("#0000ff")
@example("#ff00ff")
@example("#757575")
@example("#777777")
def test_text_can_be_read_in_and_on_every_colour(colour: str) -> None:
    palette = palette_of(colour)
    assert contrast(palette.colour, palette.on_colour) >= READABLE
    for shades, ground in ((palette.light, LIGHT_GROUND), (palette.dark, DARK_GROUND)):
        assert contrast(shades.accent, ground) >= READABLE
        assert contrast(shades.accent, shades.on_accent) >= READABLE
        assert contrast(shades.strong, shades.on_accent) >= READABLE
        assert contrast(shades.strong, ground) >= READABLE


def test_a_colour_that_can_be_read_stays_as_it_is() -> None:
    assert palette_of("#0F5A57").colour == palette_of("#0f5a57").light.accent == "#0f5a57"


def test_a_colour_that_is_too_light_gets_darker_and_keeps_its_hue() -> None:
    yellow = palette_of("#ffd400").light.accent
    red, green, blue = (int(yellow[at : at + 2], 16) for at in (1, 3, 5))
    assert red > green > blue
    assert yellow != "#ffd400"


def test_contrast_is_what_wcag_says() -> None:
    assert contrast("#000000", "#ffffff") == contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("nonsense", ["", "#fff", "red", "0f5a57", "#0f5a5g", "#0f5a57;}", "#0f5a57\n"])
def test_what_is_no_colour_is_refused(nonsense: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        palette_of(nonsense)
