"""Fetches a package from PyPI into a folder of its own, and looks at its licence."""

import importlib.metadata
import subprocess
import sys
from pathlib import Path


def fetch(package: str, version: str | None, licence: str, target: Path) -> str:
    """Installs the package, the newest when no version is asked for, makes it importable, and answers its version."""
    requirement = f"{package}=={version}" if version else package
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps",
         "--disable-pip-version-check", "--target", str(target), requirement],
        check=True,
    )
    [found] = importlib.metadata.distributions(name=package, path=[str(target)])
    metadata = found.metadata
    says = metadata.get("License-Expression") or metadata.get("License") or ""
    if licence not in says:
        sys.exit(f"{package} {found.version} has the licence {says!r}, not {licence}: read it first")
    sys.path.insert(0, str(target))
    return found.version
