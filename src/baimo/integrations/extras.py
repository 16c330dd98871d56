"""What is missing when a face's own library is not installed."""

from __future__ import annotations

from baimo.errors import MissingExtraError


def missing(extra: str, package: str, why: ImportError) -> MissingExtraError:
    """The error for that; it names what to install."""
    return MissingExtraError(
        f"baimo.integrations.{extra.replace('-', '_')} needs the package {package} ({why})",
        hint=f"Install it with: pip install 'baimo[{extra}]'",
    )
