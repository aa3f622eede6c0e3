"""Show, or with ``--update`` write, the present results of the saved pages: ``python -m tests.pages.regenerate
[--update] [NAME]``.

Read the difference before committing it: an expected file is a claim about what a reader sees on the page.
"""

from __future__ import annotations

import difflib
import json
import sys

from tests.pages.saved import HERE, cases, read


def main(arguments: list[str]) -> int:
    update = "--update" in arguments
    names = [argument for argument in arguments if not argument.startswith("-")]
    changed = 0
    for case in cases():
        name = str(case.relative_to(HERE))
        if names and not any(wanted in name for wanted in names):
            continue
        path = case / "expected.json"
        before = path.read_text(encoding="utf-8") if path.exists() else ""
        after = json.dumps(read(case), ensure_ascii=False, indent=1) + "\n"
        if before == after:
            continue
        changed += 1
        print(
            *difflib.unified_diff(before.splitlines(), after.splitlines(), name, name, lineterm=""), sep="\n"
        )
        if update:
            path.write_text(after, encoding="utf-8")
    print(f"{changed} of {len(cases())} differ" + (" (written)" if update and changed else ""))
    return 1 if changed and not update else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
