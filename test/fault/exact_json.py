"""JSON with its numbers as they are written: 1.0, 1 and 1e0 are three literals here.

Objects are dicts in the order of the text; a member that occurs twice is an error.
"""

import json
from typing import NamedTuple


class Number(NamedTuple):
    """A JSON number: the characters, never a float."""

    literal: str


def _members(pairs):
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member occurs twice")
    return members


def _refuse(name):
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(parse_int=Number, parse_float=Number, parse_constant=_refuse,
                            object_pairs_hook=_members, strict=False)


def parse(text):
    return _DECODER.decode(text)


def dump(value, ascii_only=False):
    """Compact text; with `ascii_only` all other characters are \\u escapes."""
    if isinstance(value, Number):
        return value.literal
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(name, ensure_ascii=ascii_only)}:"
                              f"{dump(member, ascii_only)}"
                              for name, member in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(dump(element, ascii_only) for element in value) + "]"
    return json.dumps(value, ensure_ascii=ascii_only)
