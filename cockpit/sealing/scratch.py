"""A scratch file that only this process can read: for plaintext too large for memory that must not lie on a disk.

Its key is random, lives in memory alone and goes with the object; the file has no name. Blocks are AES-256-GCM, each
write under a fresh nonce, bound to its number.
"""

from __future__ import annotations

import io
import os
import tempfile
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from cockpit.sealing.box import NONCE_BYTES, new_key

BLOCK = 256 * 1024
_SLOT = NONCE_BYTES + BLOCK + 16


class SealedScratch(io.RawIOBase):
    """Reads, writes and seeks like a file of bytes; at most two blocks of it are in memory.

    ``folder`` is where the nameless file lies: the data directory, so that a full disk is that one's. Raises
    ``OSError`` when the disk does not take it.
    """

    def __init__(self, folder: Path) -> None:
        self._file: Any = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - closed with this object
        self._cipher = AESGCM(new_key())
        self._block, self._number, self._dirty = bytearray(), 0, False
        self._at = self._size = 0

    def readable(self) -> bool:
        """Yes."""
        return True

    def writable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def tell(self) -> int:
        """Where the next byte is read or written."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place; beyond the end is not one. Raises ``ValueError``."""
        at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        if not 0 <= at <= self._size:
            raise ValueError("a scratch file has no place there")
        self._at = at
        return at

    def write(self, data: Any) -> int:
        """Put bytes at this place."""
        view = memoryview(data).cast("B")
        done = 0
        while done < len(view):
            self._go(self._at // BLOCK)
            start = self._at % BLOCK
            piece = view[done : done + BLOCK - start]
            self._block[start : start + len(piece)] = piece
            self._dirty = True
            done += len(piece)
            self._at += len(piece)
            self._size = max(self._size, self._at)
        return done

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer from this place, as far as the block and the file go."""
        view = memoryview(buffer).cast("B")
        if not self.closed and (self._at >= self._size or not view):
            return 0
        self._go(self._at // BLOCK)
        start = self._at % BLOCK
        piece = self._block[start : start + len(view)]
        view[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)

    def truncate(self, size: int | None = None) -> int:
        """Cut what lies behind this place; only the end may be cut. Raises ``ValueError``."""
        if size is not None and size != self._size:
            raise ValueError("a scratch file is not cut")
        return self._size

    def close(self) -> None:
        """Forget everything."""
        if not self.closed:
            self._file.close()
            self._block = bytearray()
        super().close()

    def _go(self, number: int) -> None:
        if self.closed:
            raise ValueError("the scratch file is closed")
        if number == self._number and (self._block or not self._size):
            return
        if self._dirty:
            nonce = os.urandom(NONCE_BYTES)
            # The length is sealed with the block: the last one may be short, and grow later.
            plain = bytes(self._block).ljust(BLOCK, b"\x00")
            self._file.seek(self._number * _SLOT)
            self._file.write(nonce + self._cipher.encrypt(nonce, plain, _bound(self._number)))
            self._dirty = False
        length = min(self._size - number * BLOCK, BLOCK)
        self._block, self._number = bytearray(), number
        if length > 0:
            self._file.seek(number * _SLOT)
            sealed = self._file.read(_SLOT)
            plain = self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], _bound(number))
            self._block = bytearray(plain[:length])


def _bound(number: int) -> bytes:
    return b"scratch %d" % number
