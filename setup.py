"""Makes utils/ the package imaplusplus; what else there is to say of it stands in pyproject.toml."""

import re
from pathlib import Path

from setuptools import find_packages, setup

CITATION = Path(__file__).with_name("CITATION.cff").read_text(encoding="utf-8")

setup(
    version=re.search(r"^version: (\S+)$", CITATION, re.MULTILINE)[1],
    packages=["imaplusplus", *(f"imaplusplus.{room}" for room in find_packages("utils"))],
    package_dir={"imaplusplus": "utils"},
)
