"""How an archive is locked: each part by itself in the format of age (https://age-encryption.org), read as a stream.

With recipients, the parts are encrypted to these; what opens them lies elsewhere, so a machine can make backups that
it cannot read. With a passphrase, they are encrypted to a pair of keys made for this archive, whose secret half lies in
it, encrypted with the passphrase. The program ``age`` opens both without us.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import pyrage

from stack.console import StackError

__all__ = ["IDENTITY", "Envelope", "clear", "for_passphrase", "for_recipients", "passphrase_of", "read"]

#: A module of Rust without types.
_age: Any = pyrage

#: The file in an archive that a passphrase opens: the archive's secret key.
IDENTITY = "identity.age"
SHORTEST = 12


@dataclass(frozen=True)
class Envelope:
    """Locks and unlocks parts. ``kind``: ``clear``, ``recipient`` or ``passphrase``."""

    kind: str
    recipients: Sequence[Any] = field(default=(), repr=False)
    identities: Sequence[Any] = field(default=(), repr=False)
    #: What is written beside the parts as :data:`IDENTITY`.
    sealed_identity: bytes = field(default=b"", repr=False)

    @property
    def locked(self) -> bool:
        """Whether reading needs more than the archive."""
        return self.kind != "clear"

    def close(self, source: IO[bytes], target: Any) -> None:
        """Writes what ``source`` holds to ``target``, locked. Raises :class:`StackError`."""
        if not self.locked:
            shutil.copyfileobj(source, target)
            return
        try:
            _age.encrypt_io(source, target, list(self.recipients))
        except _age.EncryptError as error:
            raise StackError(f"cannot write the archive: {error}") from None

    def open(self, source: IO[bytes], target: Any) -> None:
        """Writes what ``source`` holds to ``target``, unlocked. Raises :class:`StackError`."""
        if not self.locked:
            shutil.copyfileobj(source, target)
            return
        try:
            _age.decrypt_io(source, target, list(self.identities))
        except (_age.DecryptError, OSError) as error:
            raise StackError(f"{Path(source.name).name} cannot be opened: {error}") from None


def clear() -> Envelope:
    """An archive that anybody can read who gets to it; it holds no secrets."""
    return Envelope("clear")


def for_recipients(words: Sequence[str]) -> Envelope:
    """An archive for the holders of these public keys (``age1...``). Raises :class:`StackError`."""
    try:
        return Envelope("recipient", [_age.x25519.Recipient.from_str(word.strip()) for word in words])
    except _age.RecipientError as error:
        raise StackError(f"this is no recipient (age1...): {error}") from None


def for_passphrase(passphrase: str) -> Envelope:
    """An archive that a passphrase opens. Raises :class:`StackError` for one that can be guessed by trying."""
    if len(passphrase) < SHORTEST:
        raise StackError(f"a passphrase has at least {SHORTEST} characters")
    pair = _age.x25519.Identity.generate()
    sealed = _age.passphrase.encrypt(str(pair).encode(), passphrase)
    return Envelope("passphrase", [pair.to_public()], [pair], sealed)


def passphrase_of(path: Path) -> str:
    """The first line of a file. Raises :class:`StackError`."""
    return _text(path).strip("\r\n").split("\n", 1)[0].rstrip("\r")


def read(kind: str, folder: Path, *, passphrase: Path | None, identity: Path | None) -> Envelope:
    """What opens the archive in ``folder``. Raises :class:`StackError` where the means are missing or wrong."""
    if kind == "clear":
        return clear()
    if kind == "passphrase":
        if passphrase is None:
            raise StackError("this archive is locked with a passphrase: --passphrase-file")
        try:
            word = _age.passphrase.decrypt((folder / IDENTITY).read_bytes(), passphrase_of(passphrase))
        except (_age.DecryptError, OSError):
            raise StackError("the passphrase does not open this archive") from None
        return Envelope(kind, identities=[_age.x25519.Identity.from_str(word.decode())])
    if kind == "recipient":
        if identity is None:
            raise StackError("this archive is locked for a recipient: --identity-file (the secret key, age-keygen)")
        words = [line for line in _text(identity).splitlines() if line.startswith("AGE-SECRET-KEY-")]
        try:
            return Envelope(kind, identities=[_age.x25519.Identity.from_str(word) for word in words])
        except _age.IdentityError as error:
            raise StackError(f"{identity} holds no secret key: {error}") from None
    raise StackError(f"nobody knows how to open an archive that is locked by {kind!r}")


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise StackError(f"cannot read {path}: {error}") from None
