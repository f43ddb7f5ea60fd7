from __future__ import annotations

from pathlib import Path

import pytest

from vsync.embedded import file_writer
from vsync.embedded.database import Database
from vsync.embedded.file_writer import FileWriter
from vsync.embedded.files import pieces


@pytest.mark.parametrize("parts", [[], [b""], [b"abc"], [b"a", b"bcdefghij", b"", b"klm"], [b"0123456789" * 5]])
def test_any_parts_become_pieces_of_one_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, parts: list[bytes]
) -> None:
    monkeypatch.setattr(file_writer, "PIECE_BYTES", 4)
    database = Database(tmp_path / "s.db")
    with database.write() as connection:
        writer = FileWriter(connection, "a.md", "assistants", 100, 50)
        for part in parts:
            writer.write(part)
        row = writer.close()
        stored = list(pieces(connection, row["seq"]))
    database.close()
    whole = b"".join(parts)
    assert stored == [whole[start : start + 4] for start in range(0, len(whole), 4)]
    assert (row["id"], row["bytes"], row["created_at"], row["expires_at"]) == (writer.id, len(whole), 100, 150)
