"""The sketch section of a Vensim file: views as pictures, read and written.

The format is Ventana's (https://www.vensim.com/documentation/ref_sketch_format.html and, for the objects, 24305.html).
A view is a heading and one record a line, of which we write and read these:

    10,id,name,x,y,w,h,shape,bits,...   a variable; shape 3 a box, 8 plain, 40 the word at the valve before it;
                                        an even number of bits: a shadow. w and h are half of width and height
    11,id,0,x,y,w,h,shape,...           a valve; shape 33 or 34 with a word, upright or level, 1 or 2 without
    12,id,48,x,y,...                    a cloud
    12,id,0,x,y,w,h,shape,4,...         a comment, its text on the next line; shape 4 or 5 the mark of a loop
    1,id,from,to,shape,hidden,polarity,thickness,...,1|(x,y)|
                                        an arrow through a point; thickness 22 is a pipe, shape 4 with a head, 100 none
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sdforecast.diagrams.parts import Arrow, Box, Picture, Pipe
from sdforecast.diagrams.words import height_of, variable_of, widest, wrapped

MARK = "\\\\\\---///"
"""What a view begins with."""
END = "///---\\\\\\"
_INTRO = (
    f"{MARK} Sketch information - do not modify anything except names\n"
    "V300  Do not put anything below this section - it will be ignored\n"
)
_STYLE = "$192-192-192,0,Arial|10||0-0-0|0-0-0|0-0-255|-1--1--1|-1--1--1|96,96,100,0"
_RECORD = re.compile(r"(1|10|11|12),(\d+),")
_INTEGER = re.compile(r"-?\d{1,9}$")
_POINT = re.compile(r"\((-?\d+),(-?\d+)\)")
_NAME = re.compile(r'("(?:[^"\\]|\\.)*"|[^,]*),')


def split(text: str) -> tuple[str, str, str]:
    """Return the equations of a Vensim file, its views, and the settings after them; the last two may be empty."""
    start = text.find(MARK)
    if start < 0:
        end = text.find(END)
        return (text, "", "") if end < 0 else (text[:end], "", text[end:])
    end = text.find(END, start)
    return text[:start], text[start : end if end >= 0 else len(text)], text[end:] if end >= 0 else ""


@dataclass
class _View:
    """The records of a view by their numbers."""

    boxes: dict[int, Box] = field(default_factory=dict)
    valve_of: dict[str, str] = field(default_factory=dict)  # word of a flow: its valve
    arrows: list[tuple[int, int, str, tuple[int, int]]] = field(default_factory=list)
    pipes: list[tuple[int, int, bool]] = field(default_factory=list)


def views(text: str) -> dict[str, Picture]:
    """Return the views of a Vensim file by name; a line that is no record of ours is passed over.

    Kinds are told as far as the sketch knows them: stock, flow, auxiliary, shadow, valve, cloud and note.
    """
    return {name: _pictured(name, _read(part.splitlines())) for name, part in parts(split(text)[1]) if name}


def parts(section: str) -> Iterator[tuple[str, str]]:
    """Give name and text of each view of a sketch section."""
    for part in section.split(MARK)[1:]:
        name = next((line[1:].strip() for line in part.splitlines() if line.startswith("*")), "")
        yield name, MARK + part


def _read(lines: Sequence[str]) -> _View:
    view = _View()
    waiting: tuple[int, Box] | None = None  # a comment whose text is on the next line
    valve = 0
    for line in lines:
        if waiting is not None:
            number, box = waiting
            view.boxes[number] = _note(box, line)
            waiting = None
            continue
        match = _RECORD.match(line)
        if match is None:
            continue
        kind, number, rest = match[1], int(match[2]), line[match.end() :]
        if kind == "1":
            _read_arrow(view, rest)
            continue
        named = _NAME.match(rest)
        fields = rest[named.end() :].split(",")[:6] if named else []
        if named is None or len(fields) < 6 or not all(_INTEGER.match(field) for field in fields):
            continue
        x, y, w, h, shape, bits = map(int, fields)
        box = Box("", "", x, y, 2 * w, 2 * h)
        if kind == "11":
            valve = number if shape & 32 else 0
            view.boxes[number] = _with(box, f"valve {number}", "valve")
        elif kind == "12":
            if bits & 4:
                waiting = (number, box)
            elif named[1] == "48":
                view.boxes[number] = _with(box, f"cloud {number}", "cloud")
        else:
            _read_word(view, number, named[1], box, shape, bits, valve)
            valve = 0
    return view


def _with(box: Box, key: str, kind: str, lines: tuple[str, ...] = ()) -> Box:
    return Box(key, kind, box.x, box.y, box.width, box.height, lines)


def _note(box: Box, text: str) -> Box:
    lines = wrapped(text.strip(), max(box.width, 60.0))
    return Box(f"note {box.x} {box.y}", "note", box.x, box.y, max(box.width, widest(lines)), height_of(lines), lines)


def _read_word(view: _View, number: int, name: str, box: Box, shape: int, bits: int, valve: int) -> None:
    name = name.strip()
    if bits % 2 == 0:
        view.boxes[number] = _with(box, f"<{name}> {number}", "shadow")
    elif shape & 32 and valve:
        view.boxes[number] = _with(box, name, "flow")
        view.boxes[valve] = _with(view.boxes[valve], f"valve {name}", "valve")
    else:
        view.boxes[number] = _with(box, name, "stock" if shape & 31 == 3 else "auxiliary")


def _read_arrow(view: _View, rest: str) -> None:
    fields = rest.split("|", 1)[0].split(",")
    points = [(int(x), int(y)) for x, y in _POINT.findall(rest)]
    try:
        source, target, shape, hidden, polarity, thickness = (int(field) for field in fields[:6])
    except ValueError:
        return
    if not points or hidden:
        return
    if thickness > 20:
        view.pipes.append((source, target, shape < 100))
    else:
        sign = {43: "+", 83: "+", 115: "+", 45: "-", 79: "-", 111: "-"}.get(polarity, "")
        view.arrows.append((source, target, sign, points[0]))


def _pictured(name: str, view: _View) -> Picture:
    boxes = view.boxes
    ends: dict[int, list[tuple[int, bool]]] = {}
    for valve, end, head in view.pipes:
        if valve in boxes and end in boxes and boxes[valve].kind == "valve":
            ends.setdefault(valve, []).append((end, head))
    pipes = []
    for valve, two in ends.items():
        if len(two) == 2:
            (a, head_a), (b, head_b) = sorted(two, key=lambda each: each[1])
            points = _track(boxes[a], boxes[valve], boxes[b])
            pipes.append(Pipe(boxes[a].key, boxes[valve].key, boxes[b].key, points, head_a and head_b))
    arrows = [
        Arrow(boxes[a].key, boxes[b].key, _middle(boxes[a], boxes[b], point), sign)
        for a, b, sign, point in view.arrows
        if a in boxes and b in boxes and boxes[a].key != boxes[b].key
    ]
    return Picture(name, "", {box.key: box for box in boxes.values()}, tuple(pipes), tuple(arrows))


def _middle(a: Box, b: Box, point: tuple[int, int]) -> tuple[float, float]:
    """Return the point of an arc, that of a straight line where the file has none."""
    return ((a.x + b.x) / 2, (a.y + b.y) / 2) if point == (0, 0) else point


def _track(a: Box, valve: Box, b: Box) -> tuple[tuple[float, float], ...]:
    """Return the corners of a pipe from box to box through a valve: level and upright parts only."""
    before, after = _leg(a, valve), _leg(b, valve)
    return (*before, *([(valve.x, valve.y)] if before[-1] != after[-1] else []), *reversed(after))


def _leg(box: Box, valve: Box) -> tuple[tuple[float, float], ...]:
    left, top, right, bottom = box.edges
    if top <= valve.y <= bottom:
        return (((left if valve.x < box.x else right), valve.y),)
    if left <= valve.x <= right:
        return ((valve.x, (top if valve.y < box.y else bottom)),)
    return ((box.x, (top if valve.y < box.y else bottom)), (box.x, valve.y))


def written(pictures: Mapping[str, Picture]) -> str:
    """Return the views of a Vensim file, one for each picture, without what ends the section."""
    return "".join(f"{_INTRO}*{name}\n{_STYLE}\n" + "".join(_records(picture)) for name, picture in pictures.items())


def _records(picture: Picture) -> Iterator[str]:
    number: dict[str, int] = {}
    words = {f"valve {key}": key for key, box in picture.boxes.items() if box.kind == "flow"}
    joined = {words[pipe.valve]: pipe.valve for pipe in picture.pipes if pipe.valve in words}
    for box in picture.boxes.values():
        if box.key in number or box.key in joined:
            continue
        number[box.key] = len(number) + 1
        yield _record(box, number[box.key], box.key in words)
        if box.key in words:
            word = picture.boxes[words[box.key]]
            number[word.key] = len(number) + 1
            yield _word(word, number[word.key], 40)
    last = len(number)
    for pipe in picture.pipes:
        for end, head in ((pipe.target, True), (pipe.source, pipe.two_way)):
            last += 1
            yield _pipe(last, number[pipe.valve], number[end], picture, pipe, end, head)
    for arrow in picture.arrows:
        last += 1
        sign = {"+": 43, "-": 45}.get(arrow.polarity, 0)
        x, y = round(arrow.middle[0]), round(arrow.middle[1])
        ends = f"{number[arrow.source]},{number[arrow.target]}"
        yield f"1,{last},{ends},1,0,{sign},0,0,{64 if not arrow.initial else 128},0,-1--1--1,,1|({x},{y})|\n"


def _record(box: Box, number: int, with_word: bool) -> str:
    x, y = round(box.x), round(box.y)
    if box.kind == "valve":
        return f"11,{number},0,{x},{y},6,8,{34 if with_word else 2},3,0,0,{1 if with_word else 4},0,0,0\n"
    if box.kind == "cloud":
        return f"12,{number},48,{x},{y},10,8,0,3,0,0,-1,0,0,0\n"
    if box.kind == "note":
        return f"12,{number},0,{x},{y},{_half(box.width)},{_half(box.height)},8,4,0,0,-1,0,0,0\n{' '.join(box.lines)}\n"
    return _word(box, number, 3 if box.kind == "stock" else 8)


def _half(length: float) -> int:
    return max(6, round(length / 2))


def _word(box: Box, number: int, shape: int) -> str:
    place = f"{round(box.x)},{round(box.y)},{_half(box.width)},{_half(box.height)}"
    if box.kind in ("shadow", "outside"):
        name = variable_of(box.key)
        return f"10,{number},{name},{place},{shape},2,0,3,-1,0,0,0,128-128-128,0-0-0,|||128-128-128\n"
    return f"10,{number},{box.key},{place},{shape},3,0,0,{-1 if shape == 40 else 0},0,0,0\n"


def _pipe(number: int, valve: int, end: int, picture: Picture, pipe: Pipe, key: str, head: bool) -> str:
    at, box = picture.boxes[pipe.valve], picture.boxes[key]
    corners = _leg(box, at)
    x, y = ((corners[0][0] + at.x) / 2, (corners[0][1] + at.y) / 2) if len(corners) == 1 else corners[1]
    return f"1,{number},{valve},{end},{4 if head else 100},0,0,22,0,0,0,-1--1--1,,1|({round(x)},{round(y)})|\n"
