"""The program's source as the checks of the rules see it: without comments and without what is in strings, so that
a word in a sentence is no call."""
import functools
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
STARTERS = ("packaging/systemd/linnet.service", "packaging/systemd/linnet@.service",
            "packaging/openwrt/files/linnet.init", "packaging/debian/dnsmasq/systemd-helper")
NO_CODE = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)
INCLUDE = re.compile(r'^\s*#\s*include\s+(?:"([^"]+)"|<([^>]+)>)', re.MULTILINE)
# A function as clang-format lays it out: its braces alone in the first column. The head is what stands above.
FUNCTION = re.compile(r"^(?P<head>[A-Za-z_][^;{}#]*?\b(?P<name>\w+)\([^;{}]*\))\n\{\n(?P<body>.*?)^\}",
                      re.MULTILINE | re.DOTALL)
# Helpers of the tests that live beside the source; no program contains them.
TESTS_ONLY = re.compile(r"_test\.c$|_fuzz\.c$|_test_\w+\.[ch]$|_world_io\.h$|/fixture_|/worker_fixture\.")


def blank(found):
    """As many lines as before, and the quotes of a string."""
    text = found[0]
    if text[0] in "\"'":
        return text[0] * 2
    return " " + "\n" * text.count("\n")


@functools.lru_cache(maxsize=None)
def without_words(text):
    return NO_CODE.sub(blank, text)


# A check is run again for each mutation, and a mutation changes one file: what was found in the others is kept.
@functools.lru_cache(maxsize=None)
def found_in(pattern, code):
    """(line number, line) wherever the pattern stands in the code of a file."""
    lines = []
    for found in re.finditer(pattern, code):
        start = code.rfind("\n", 0, found.start()) + 1
        line = code[start:].split("\n", 1)[0]
        lines.append((code.count("\n", 0, start) + 1, line.strip()))
    return lines


@functools.lru_cache(maxsize=None)
def statements_in(pattern, code):
    """The statements and heads of the functions' bodies in which the pattern stands, each in one line."""
    bodies = "\n;\n".join(found["body"] for found in FUNCTION.finditer(code))
    pieces = re.split(r"[;{}]", bodies)
    return [" ".join(piece.split()) for piece in pieces if re.search(pattern, piece)]


@functools.lru_cache(maxsize=None)
def heads_and_bodies(code):
    return [(code.count("\n", 0, found.start("body")), found["head"], found["body"])
            for found in FUNCTION.finditer(code)]


def read(root=ROOT):
    """Each source file's path from the root of the tree, and its text."""
    paths = sorted((root / "src").glob("*/*.[ch]"))
    files = {str(path.relative_to(root)): path.read_text() for path in paths}
    return {path: text for path, text in files.items() if not TESTS_ONLY.search(path)}


class Source:
    """What the checks are given: the tree's files, or a few made up to be refused."""

    def __init__(self, files, others=None):
        self.text = files
        self.code = {path: without_words(text) for path, text in files.items()}
        self.others = others or {}  # files that are no source, by path: the build's

    def changed(self, path, text):
        """The same with another text of one file."""
        made = Source({}, self.others)
        if path in self.others:
            made.text, made.code, made.others = self.text, self.code, self.others | {path: text}
        else:
            made.text, made.code = self.text | {path: text}, self.code | {path: without_words(text)}
        return made

    @classmethod
    def of_tree(cls, root=ROOT):
        others = ["meson.build", "tools/build", "tests/run.py", "tools/fuzz", *STARTERS]
        return cls(read(root), {path: (root / path).read_text() for path in others})

    def within(self, *folders):
        """(path, code) of the files of these folders of src, or of these files."""
        for path, code in self.code.items():
            if not folders or path in folders or path.split("/")[1] in folders:
                yield path, code

    def includes(self, path):
        return [own or system for own, system in INCLUDE.findall(self.text[path])]

    def function(self, path, name):
        """Its body, or None."""
        for found in FUNCTION.finditer(self.code.get(path, "")):
            if found["name"] == name:
                return found["body"]
        return None

    def hits(self, pattern, *folders):
        """(path, line number, line) wherever the pattern stands in those folders."""
        for path, code in self.within(*folders):
            for number, line in found_in(pattern, code):
                yield path, number, line

    def statements(self, pattern, path):
        return statements_in(pattern, self.code.get(path, ""))


def beyond(hits, allowed):
    """What is more than a table of {path: (how many, why)} allows, and rows of it that nothing needs any more."""
    found = {}
    for path, number, line in hits:
        found.setdefault(path, []).append(f"{path}:{number}: {line}")
    for path, lines in found.items():
        count = allowed.get(path, (0, ""))[0]
        if len(lines) > count:
            yield f"{len(lines)} places, {count} allowed:\n  " + "\n  ".join(lines)
    for path in allowed:
        if path not in found:
            yield f"{path}: allowed, and no longer there: take the row out"
