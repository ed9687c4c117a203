"""docs/security.md says nothing that is not so: every test that it names is there and is run, every rule and every
entry of the ledger has its row, every row its proof."""
import re

from evidence import EVIDENCE, missing
from source import ROOT

TEXT = (ROOT / "docs/security.md").read_text()
NAMES = re.compile(r"`((?:tests|src)/[\w/.]+\.(?:py|c|txt)(?:::\w+)?|make \w+)`")
# What was found in advisories, change logs and experiments when the rules were made: the page has all of it.
LEDGER = """
2005-0876 2006-2017 2005-0877 2008-1447 2008-3214 2008-3350 2009-2957 2009-2958 2012-3411 2013-0198 2015-3294 2015-8899
2017-13704 2017-14491 2017-14492 2017-14493 2017-14494 2017-14495 2017-14496 2017-15107 2019-14513 2019-14834 2020-14312
2020-25681 2020-25682 2020-25683 2020-25684 2020-25685 2020-25686 2020-25687 2021-3448 2021-45951 2021-45952 2021-45953
2021-45954 2021-45955 2021-45956 2021-45957 2022-0934 2023-28450 2023-49441 2023-50387 2023-50868 2025-12198 2025-12199
2025-12200 2026-2291 2026-4890 2026-4891 2026-4892 2026-4893 2026-5172
2020-12662 2020-8616 2020-25705 2021-20322 2021-25220 2025-5994 2025-40776 2022-3204 2024-8508 2024-33655 2025-11411
2026-33278 2026-42944 2026-42959 2026-32792 2026-40622 2026-41292 2026-42534 2026-42923 2026-42960 2026-44390 2026-44608
2023-2828 2023-4408 2024-0760 2024-1737 2024-1975 2025-40778 2025-40780 2015-8373 2025-40779 2025-11232 2026-3608
2025-32801 2025-32802 2025-32803 2011-2748 2012-3570 2018-5732 2018-5733 2021-25217 2022-2928 2022-2929
2011-0997 2011-2199
2019-11365 2020-6097 2017-15908 2017-9445 2018-15688 2022-2526 2023-7008 2026-56116
""".split()
OTHERS = ["VU#598349", "2025q3/018288", "TuDoor", "MaginotDNS", "TsuKing", "CacheFlush", "Rebirthday", "NXNSAttack",
          "SAD DNS", "RFC 9267"]


def sections():
    return dict(re.findall(r"^##+ ([^\n]+)\n(.*?)(?=^##|\Z)", TEXT, re.M | re.S))


def rows(text):
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_every_test_that_is_named_is_run():
    named = NAMES.findall(TEXT)
    parts = {name for name in named if name.startswith("tests/rules/") and "::" not in name}  # of the checks themselves
    wrong = [f"{name}: {why}" for name in sorted(set(named) - parts) if (why := missing(name))]
    wrong += [f"{name}: no such file" for name in parts if not (ROOT / name).is_file()]
    assert not wrong, "\n".join(wrong)
    assert len(set(named)) > 90


def test_every_entry_of_the_ledger_has_its_row():
    ledger = sections()["dnsmasq"] + sections()["Others with the same duties"]
    lost = [number for number in LEDGER if not re.search(rf"\bCVE-{number}\b", ledger)]
    lost += [name for name in OTHERS if name not in ledger]
    assert not lost
    unknown = set(re.findall(r"CVE-([\d-]+\d)", ledger)) - set(LEDGER)
    assert not unknown


def test_every_row_has_its_rule_and_its_proof():
    for title in ("dnsmasq", "Others with the same duties"):
        table = rows(sections()[title])
        assert len(table) > 15
        for what, which, rules, proof in table:
            assert which and re.fullmatch(r"R\d+( R\d+)*", rules) and set(rules.split()) <= set(EVIDENCE), (what, rules)
            assert NAMES.search(proof), what
    for what, _, where in rows(sections()["Figures"]):
        assert NAMES.search(where), what
    assert [row[0] for row in rows(sections()["The rules"])] == [f"R{n}" for n in range(1, 19)]


def test_where_to_report():
    text = (ROOT / "SECURITY.md").read_text()
    assert "docs/security.md" in text and "SECURITY.md" in TEXT
    assert not re.search(r"\b[\w.]+@[\w.]+\.\w+", text), "an address that nobody has promised to read"
