"""The colours of Ottermere, shared by the manual and the price list."""

from reportlab.lib.colors import HexColor

LAKE = HexColor("#1c6a72")
DEEP = HexColor("#0b3b44")
MIST = HexColor("#e4eeee")
OAT = HexColor("#f3ece0")
COPPER = HexColor("#b8652a")
INK = HexColor("#1f2b2c")
SOFT = HexColor("#5b6a6b")
LINE = HexColor("#c9d6d5")
STEEL = HexColor("#c3cdd0")
SHADOW = HexColor("#7f8f93")
MOSS = HexColor("#5f8f4e")
AMBER = HexColor("#e39a1f")
BRICK = HexColor("#b5412f")
WHITE = HexColor("#ffffff")
COFFEE = HexColor("#5a3620")
WATER = HexColor("#9fd0d6")
