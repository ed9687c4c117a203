"""Configurations bent in every way: the program reads them (--test) and says yes, or no with the file and the line. It
is never killed and never hangs. A share of them, or 100,000 with LINNET_FAULTS=all (`make faults`)."""
import concurrent.futures
import itertools
import pathlib
import random
import re
import subprocess

from conftest import BINARY
from exercise import Inside
from faults import ALL

FILES = 100000 if ALL else 300
AT_ONCE = 2
HANGS_S = 20
ROOT = pathlib.Path(__file__).resolve().parents[2]
CORPORA = ("config_file", "options")
LINES = (1, 1, 2, 4, 12)
# Looks like what is meant, and is too much, too little or something else.
WORDS = [b"", b"0", b"-1", b"65536", b"4294967296", b"99999999999999999999", b"infinite", b"1s", b"\"", b"\\", b"#",
         b"=", b",", b",,", b"/", b"//", b"[", b"]", b"!", b"*", b"::", b"::1", b"fe80::1%lo", b"0.0.0.0",
         b"255.255.255.255", b"192.0.2.0/33", b"tag:", b"set:", b"net:", b"option:", b"option6:", b"encap:", b"vendor:",
         b"id:", b"enterprise:", b"a." * 130, b"x" * 300, b"\xff\xfe", b"\0", b"\r", b"\t", b"%s%n", b"$(x)", b"..",
         b"@lo", b"#0", b"#65536"]


def examples():
    """The lines that the option rows show, and those of the corpora. None that has a program run, or reads whatever the
    machine has in some folder."""
    lines = set()
    for source in (ROOT / "src").rglob("*.c"):
        text = source.read_text(errors="replace")
        for rows in re.findall(r"\.examples = EXAMPLES\(((?:\s*\"(?:[^\"\\]|\\.)*\",?)+)\s*\)", text):
            for word in re.findall(r"\"((?:[^\"\\]|\\.)*)\"", rows):
                lines.add(word.encode().decode("unicode_escape").encode("latin-1"))
    for folder in CORPORA:
        for path in (ROOT / "tests/corpora" / folder).iterdir():
            lines.update(path.read_bytes().splitlines())
    return sorted(line for line in lines if line and not leads_away(line))


def leads_away(line):
    return b"conf-script" in line or b"conf-dir" in line


def bend(lines, choose):
    """One line, bent up to three times."""
    line = choose.choice(lines)
    for _ in range(choose.choice((0, 1, 1, 2, 3))):
        at, end = sorted(choose.randrange(len(line) + 1) for _ in range(2))
        fields = re.split(rb"([=,/])", line)
        what = choose.randrange(8)
        if what == 0:
            line = line[:at] + line[end:]
        elif what == 1:
            line = line[:at] + bytes([choose.randrange(256)]) + line[at + 1:]
        elif what == 2:
            line = line[:at] + choose.choice(WORDS) + line[at:]
        elif what == 3:
            line = line[:end] + line[at:]
        elif what == 4:
            other = choose.choice(lines)
            line = line[:at] + other[choose.randrange(len(other) + 1):]
        elif what == 5:
            line = line[:at] + line[at:end] * choose.choice((2, 20, 200)) + line[end:]
        elif what == 6:
            fields[choose.randrange(len(fields))] = choose.choice(WORDS)
            line = b"".join(fields)
        else:
            choose.shuffle(fields)
            line = b"".join(fields)
    return line


def bent_file(lines, choose):
    text = b"\n".join(bend(lines, choose) for _ in range(choose.choice(LINES)))
    return b"\n".join(line for line in text.split(b"\n") if not leads_away(line)) + choose.choice((b"\n", b""))


def what_is_wrong(path, text):
    """Of reading this file; None where all is as it should be, and whether it was taken."""
    path.write_bytes(text)
    try:
        done = subprocess.run([BINARY, "--test", "-C", path], capture_output=True, timeout=HANGS_S,
                              stdin=subprocess.DEVNULL, cwd=path.parent)
    except subprocess.TimeoutExpired:
        return "hangs", False
    if done.returncode == 0:
        return None, True
    if done.returncode < 0 or done.returncode > 5:
        return f"ended with {done.returncode}: {done.stderr[-2000:]}", False
    if not re.search(re.escape(str(path)).encode() + rb":\d+", done.stderr):
        return f"does not name the file and the line: {done.stderr[-500:]}", False
    return None, False


def test_each_line_alone(network):
    """Whatever is missing beside it, the place is named."""
    path = network.folder / "alone.conf"
    with Inside(network.server):
        tried = [(line, what_is_wrong(path, line)[0]) for line in examples()]
    bad = [f"{line!r}: {wrong}" for line, wrong in tried if wrong]
    assert not bad, "\n".join(bad)


def test_bent_configurations(network):
    lines = examples()
    assert len(lines) > 300, len(lines)

    def share(number):
        """Every so many of the files; in a network of its own, where names are asked for in vain."""
        choose = random.Random(number)
        path = network.folder / f"bent-{number}.conf"
        bad, taken = [], 0
        with Inside(network.server):
            for _ in range(FILES // AT_ONCE):
                text = bent_file(lines, choose)
                wrong, good = what_is_wrong(path, text)
                taken += good
                bad += [(wrong, text)] if wrong else []
        return bad, taken
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        shares = list(pool.map(share, range(AT_ONCE)))
    bad, taken = list(itertools.chain.from_iterable(bad for bad, _ in shares)), sum(taken for _, taken in shares)
    print(f"{FILES} files of {len(lines)} lines bent, {taken} of them taken, {len(bad)} wrong")
    assert not bad, "\n\n".join(f"{wrong}\n{text!r}" for wrong, text in bad[:10])
    assert FILES * 0.01 < taken < FILES * 0.6, "neither nonsense alone nor what is hardly bent"
