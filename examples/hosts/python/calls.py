"""Runs the calls of the kit with this adapter: python3 calls.py ../kit/calls.json"""

import array
import json
import sys

import zeromq


class Mine(Exception):
    tag = "Mine"


def fail(frames):
    raise Mine()


FUNCTIONS = {"echo": lambda frames: frames, "first": lambda frames: frames[0],
             "nothing": lambda frames: None, "fail": fail}


def matrix(rows):
    numbers = array.array("d", sum(rows, []))
    return memoryview(numbers).cast("B").cast("d", (len(rows), len(rows[0])))


def value(given, variables):
    """The value of Python for one of the table."""
    if isinstance(given, list):
        return [value(item, variables) for item in given]
    if not isinstance(given, dict):
        return given
    mark, content = next(iter(given.items()), ("", None))
    if mark == "$tuple":
        return tuple(value(content, variables))
    marks = {"$bytes": bytes.fromhex, "$ref": variables.get, "$function": FUNCTIONS.get,
             "$class": lambda name: getattr(zeromq, name), "$array": matrix}
    if mark in marks:
        return marks[mark](content)
    return {key: value(item, variables) for key, item in given.items()}


def plain(got):
    """A value in a form in which equal ones look the same, and others do not."""
    if isinstance(got, (zeromq.Array, memoryview)):
        return ("array", got.tolist())
    if isinstance(got, dict):
        return {key: plain(item) for key, item in got.items()}
    return type(got)(map(plain, got)) if isinstance(got, (list, tuple)) else got


def step(row, variables):
    """Returns what is wrong, or None."""
    if "text" in row:
        got, expected = str(variables[row["text"][0]]), row["text"][1]
        return None if got == expected else got
    holder, _, name = row["do"].partition(".")
    holder = variables[holder] if holder in variables else getattr(zeromq, holder)
    arguments = value(row.get("args", []), variables)
    try:
        got = (getattr(holder, name) if name else holder)(
            *arguments, **value(row.get("named", {}), variables))
    except Exception as error:
        is_expected = "error" in row and getattr(error, "tag", None) == row["error"]
        return None if is_expected and row.get("says", "") in str(error) else repr(error)
    if "let" in row:
        variables[row["let"]] = got
    if "error" in row or "result" in row:
        shown = repr(plain(got))
        same = "result" in row and shown == repr(plain(value(row["result"], variables)))
        return None if same else shown


with open(sys.argv[1], encoding="utf-8") as table:
    for case in json.load(table):
        variables, wrong = {}, "ok"
        for at, row in enumerate(case["steps"]):
            what = step(row, variables)
            if what is not None:
                wrong = f"step {at}: {what}"
                break
        print(wrong, case["case"], sep=": ", flush=True)
