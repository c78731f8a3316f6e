"""Two texts paragraph by paragraph: changed, deleted, added, moved, split or joined; pure, of strings."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache

_SAME = 0.9
"""Share of common words from which a paragraph is the same one elsewhere, or in two."""
_LIKE = 0.4
"""Share from which it is the same one, edited."""
_MOST = 100_000
"""Pairs of paragraphs that are compared; two documents with more have little in common."""


@dataclass(frozen=True)
class Edit:
    """One edit; the positions of its paragraphs in both texts, either empty where there is none."""

    kind: str
    """`doi`, `bo`, `them`, `chuyen`, `tach` or `gop`."""
    old: tuple[int, ...]
    new: tuple[int, ...]


@dataclass(frozen=True)
class Segment:
    """Words that stayed (`=`), went (`-`) or came (`+`)."""

    mark: str
    text: str


def compare(old: Sequence[str], new: Sequence[str]) -> tuple[Edit, ...]:
    """The edits that make `new` of `old`, in the order of the reader."""
    edits: list[Edit] = []
    for tag, left, right, start, stop in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag != "equal":
            edits += _block(old, new, (left, right), (start, stop))
    edits = _moves(old, new, edits)
    return tuple(sorted(edits, key=lambda edit: (edit.new or _after(edit.old, edits), edit.old)))


def compare_placed(old: Sequence[tuple[int, str, int]], new: Sequence[tuple[int, str, int]]) -> list[Edit]:
    """The edits of things that are the same or not, and have no words: pictures.

    Each has its position, its key, and the position in the old text behind which it stands.
    """
    left, right = list(old), list(new)
    blocks = SequenceMatcher(None, [key for _, key, _ in left], [key for _, key, _ in right], autojunk=False)
    for here, there, size in reversed(blocks.get_matching_blocks()):
        del left[here : here + size], right[there : there + size]
    edits = []
    for kind, same in (("chuyen", 1), ("doi", 2)):
        for one in list(left):
            other = next((item for item in right if item[same] == one[same]), None)
            if other is not None:
                edits.append(Edit(kind, (one[0],), (other[0],)))
                left.remove(one)
                right.remove(other)
    edits += [Edit("bo", (index,), ()) for index, _, _ in left]
    return [*edits, *(Edit("them", (), (index,)) for index, _, _ in right)]


def counterparts(old: int, new: int, edits: Sequence[Edit]) -> dict[int, int]:
    """Which of the `old` paragraphs each of the `new` ones is, by position; those that are new or moved are none."""
    left = {index for edit in edits for index in edit.old}
    right = {index for edit in edits for index in edit.new}
    same = zip((i for i in range(old) if i not in left), (i for i in range(new) if i not in right), strict=True)
    found = {there: here for here, there in same}
    for edit in edits:
        if edit.kind != "chuyen" and edit.old:
            found.update(dict.fromkeys(edit.new, edit.old[-1]))
    return found


def _after(old: tuple[int, ...], edits: Sequence[Edit]) -> tuple[int, ...]:
    """About where a paragraph that is gone would stand in the new text."""
    shift = sum(len(edit.new) - len(edit.old) for edit in edits if edit.old and edit.old < old)
    shift += sum(1 for edit in edits if not edit.old and edit.new < (old[0] + shift,))
    return (old[0] + shift,)


def _block(old: Sequence[str], new: Sequence[str], left: tuple[int, int], right: tuple[int, int]) -> list[Edit]:
    """The best pairing of the paragraphs of a block, in order."""
    height, width = left[1] - left[0], right[1] - right[0]
    if height * width > _MOST or not height or not width:
        gone = [Edit("bo", (index,), ()) for index in range(*left)]
        return [*gone, *(Edit("them", (), (index,)) for index in range(*right))]
    if height == width == 1:
        return [Edit("doi", (left[0],), (right[0],))]
    steps = [(1, 1), (1, 2), (2, 1), (1, 3), (3, 1)]
    best = [[(0.0, (0, 0))] * (width + 1) for _ in range(height + 1)]
    for row in range(height + 1):
        for column in range(width + 1):
            options = [(best[row - 1][column][0], (1, 0))] if row else []
            options += [(best[row][column - 1][0], (0, 1))] if column else []
            for down, across in steps:
                if down > row or across > column:
                    continue
                ours = old[left[0] + row - down : left[0] + row]
                theirs = new[right[0] + column - across : right[0] + column]
                a, b = " ".join(ours), " ".join(theirs)
                alike = _alike(a, b)
                if down != across and not all(
                    _in(piece, b if down > across else a) for piece in max(ours, theirs, key=len)
                ):
                    continue
                if alike >= (_LIKE if down == across else _SAME):
                    score = best[row - down][column - across][0] + alike * (len(_words(a)) + len(_words(b)))
                    options.append((score, (down, across)))
            if options:
                best[row][column] = max(options, key=lambda option: (option[0], option[1] == (1, 1)))
    edits = []
    row, column = height, width
    while row or column:
        down, across = best[row][column][1]
        row, column = row - down, column - across
        first, other = left[0] + row, right[0] + column
        kind = {(1, 1): "doi", (1, 0): "bo", (0, 1): "them"}.get((down, across), "tach" if across > down else "gop")
        edits.append(Edit(kind, tuple(range(first, first + down)), tuple(range(other, other + across))))
    return [edit for edit in edits if edit.kind != "doi" or old[edit.old[0]] != new[edit.new[0]]]


def _moves(old: Sequence[str], new: Sequence[str], edits: Sequence[Edit]) -> list[Edit]:
    gone = [edit for edit in edits if edit.kind == "bo"]
    came = [edit for edit in edits if edit.kind == "them"]
    if len(gone) * len(came) > _MOST:
        return list(edits)
    kept = list(edits)
    for left in gone:
        text = old[left.old[0]]
        pairs = [(_alike(text, new[right.new[0]]), right) for right in came if right in kept]
        alike, right = max(pairs, key=lambda pair: pair[0], default=(0.0, left))
        if alike >= _SAME and len(_words(text)) >= 3:
            kept = [edit for edit in kept if edit not in (left, right)] + [Edit("chuyen", left.old, right.new)]
    return kept


@cache
def _words(text: str) -> Counter[str]:
    return Counter(_list(text))


def _list(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


def _alike(a: str, b: str) -> float:
    one, other = _words(a), _words(b)
    both = sum(one.values()) + sum(other.values())
    return 2 * sum((one & other).values()) / both if both else float(a == b)


def _in(piece: str, whole: str) -> bool:
    """The words of a piece are those of the whole, or nearly all of them: it was split off, or joined to it."""
    words = _words(piece)
    return (words & _words(whole)).total() >= _SAME * words.total()


def marked(old: str, new: str) -> tuple[Segment, ...]:
    """The words of both texts, in order."""
    before, after = re.findall(r"\S+\s*", old), re.findall(r"\S+\s*", new)
    segments: list[Segment] = []
    old_words, new_words = ([word.strip() for word in words] for words in (before, after))
    for tag, left, right, start, stop in SequenceMatcher(None, old_words, new_words, autojunk=False).get_opcodes():
        if tag == "equal":
            segments.append(Segment("=", "".join(after[start:stop])))
            continue
        segments += [Segment("-", "".join(before[left:right]))] if right > left else []
        segments += [Segment("+", "".join(after[start:stop]))] if stop > start else []
    return tuple(segments)
