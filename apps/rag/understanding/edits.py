"""Whether one word is another with one typing mistake."""


def is_one_edit(word: str, other: str) -> bool:
    """Tell whether one letter is added, missing or another one, or two neighbours have changed places."""
    if word == other or abs(len(word) - len(other)) > 1:
        return False
    start = next((place for place, (one, two) in enumerate(zip(word, other, strict=False)) if one != two), None)
    if start is None:
        return True  # one letter more at the end
    if len(word) == len(other):
        swapped = word[start : start + 2] == other[start : start + 2][::-1]
        return word[start + 1 :] == other[start + 1 :] or (swapped and word[start + 2 :] == other[start + 2 :])
    shorter, longer = sorted((word, other), key=len)
    return shorter[start:] == longer[start + 1 :]


def swapped(word: str) -> list[str]:
    """Return a word with each two neighbouring letters in each other's place; nobody mistypes the first one."""
    return [f"{word[:place]}{word[place + 1]}{word[place]}{word[place + 2 :]}" for place in range(1, len(word) - 1)]
