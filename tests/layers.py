#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks that folders of lib/ include downwards only, and that daemon and cli keep apart."""
import pathlib
import re
import sys

BELOW = {
    "base": set(),
    "system": {"base"},
    "scenario": {"base"},
    "probe": {"base"},
    "trace": {"base"},
    "varlink": {"base"},
    "check": {"base", "system", "trace"},
    "churn": {"base", "system", "scenario", "probe", "trace", "varlink", "kernel"},  # the module's one header
    "analysis": {"base", "system", "scenario", "probe", "trace", "varlink"},
    "result": {"base", "system", "check", "scenario", "probe", "trace", "varlink", "analysis"},
    "store": {"base", "system", "check", "scenario", "probe", "trace", "varlink", "analysis", "result"},
    "report": {"base", "system", "check", "scenario", "probe", "trace", "varlink", "analysis", "result", "store"},
    "web": {"base", "report", "store"},
}


def main() -> int:
    top = pathlib.Path(sys.argv[1])
    bad = seen = 0
    for path in sorted(top.glob("lib/*/*.[ch]")):
        folder = path.parent.name
        for line, text in enumerate(path.read_text().splitlines(), 1):
            found = re.match(r'#include "([a-z]+)/', text)
            if not found:
                continue
            seen += 1
            if found[1] != folder and found[1] not in BELOW[folder]:
                print(f"{path.relative_to(top)}:{line}: {folder} must not include {found[1]}")
                bad += 1
    for path in sorted([*top.glob("daemon/*.[ch]"), *top.glob("cli/*.[ch]")]):
        other = "cli" if path.parent.name == "daemon" else "daemon"
        if re.search(rf'#include "{other}/|#include "\.\./', path.read_text()):
            print(f"{path.relative_to(top)}: must not include {other}")
            bad += 1
    return bad > 0 or seen == 0


if __name__ == "__main__":
    sys.exit(main())
