"""Known vulnerabilities of the releases in requirements.lock, as pip-audit finds them where its service answers.

`python -m tests.advisories` says how many releases were checked, and ends with 1 when one of them is vulnerable. What
could not be checked is said, and is no failure: it says nothing of the releases.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import Any

from tests.dependencies import ROOT

_OPTIONS = ("--require-hashes", "--disable-pip", "--progress-spinner", "off", "--timeout", "5", "--format", "json")


def verdict(audited: dict[str, Any]) -> tuple[str, int]:
    """What a report of pip-audit comes to, and the exit status."""
    checked = [each for each in audited["dependencies"] if "skip_reason" not in each]
    skipped = len(audited["dependencies"]) - len(checked)
    found = [
        f"{each['name']} {each['version']}: {known['id']}, mended in {', '.join(known['fix_versions']) or 'no release'}"
        for each in checked
        for known in each["vulns"]
    ]
    said = [f"{len(checked)} releases checked, {skipped} NOT CHECKED: the service did not answer or knows none of them"]
    return "\n".join([*said, *found]), 1 if found else 0


def main() -> int:
    """Ask pip-audit, and say what it found."""
    program = shutil.which("pip-audit")
    if program is None:
        print("NOT CHECKED: pip-audit is not installed")
        return 0
    done = subprocess.run(
        [program, "--requirement", str(ROOT / "requirements.lock"), *_OPTIONS],
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        words, status = verdict(json.loads(done.stdout))
    except (ValueError, KeyError):
        words, status = f"NOT CHECKED: {(done.stderr.strip().splitlines() or ['no answer'])[-1]}", 0
    print(words)
    return status


if __name__ == "__main__":
    sys.exit(main())
