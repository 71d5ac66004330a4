"""What the project stands on: the ranges of pyproject.toml, the releases of requirements.lock, their licences.

`python -m tests.dependencies` lists the licences, and ends with 1 when one of them is not permitted.
"""

from __future__ import annotations

import re
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
PERMITTED = re.compile(
    r"(?!.*(?<!L)GPL|.*GNU (General|Affero)).*\b(MIT|BSD|Apache|PSF|Python Software Foundation|ISC|MPL|Mozilla|LGPL)\b"
)


def ranges() -> list[Requirement]:
    """What pyproject.toml asks for: to run, to develop and to build."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    asked = project["build-system"]["requires"] + project["project"]["dependencies"]
    return [Requirement(line) for line in asked + project["project"]["optional-dependencies"]["dev"]]


def locked() -> dict[str, tuple[str, list[str]]]:
    """Name -> (release, hashes) in requirements.lock; a line of another form is an error."""
    releases: dict[str, tuple[str, list[str]]] = {}
    for entry in re.split(r"\n(?! )", (ROOT / "requirements.lock").read_text().strip()):
        if entry.startswith("#"):
            continue
        release, *hashes = entry.split(" \\\n    ")
        found = re.fullmatch(r"([a-z0-9-]+)==([\w.]+)", release)
        if not found or not all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", each) for each in hashes):
            raise ValueError(f"requirements.lock has a line that is no release and its hashes: {entry!r}")
        releases[found[1]] = (found[2], hashes)
    return releases


def licence(name: str) -> str:
    """What an installed package says of its licence, in the newest of the three forms that it uses."""
    about = metadata(name)
    classifiers = [line for line in about.get_all("Classifier", []) if line.startswith("License ::")]
    said = next(iter(about.get_all("License-Expression", [])), "")
    said = said or "; ".join(line.split(" :: ")[-1] for line in classifiers)
    return said or next(iter(about.get_all("License", [])), "unknown").partition("\n")[0]


def licences() -> dict[str, str]:
    """The licence of each locked package that is installed."""
    found: dict[str, str] = {}
    for name in locked():
        try:
            found[name] = licence(name)
        except PackageNotFoundError:
            continue
    return found


def main() -> int:
    """List the licences."""
    for name, words in licences().items():
        print(f"{name:28} {words}" + ("" if PERMITTED.match(words) else "   <- not permitted"))
    return 0 if all(map(PERMITTED.match, licences().values())) else 1


if __name__ == "__main__":
    sys.exit(main())
