"""The tables of the SQLite file, as steps from one layout to the next. A step that was released never changes.

Sequence numbers are never reused (AUTOINCREMENT): they order objects that were made in the same second.
"""

from __future__ import annotations

from typing import Final

_LAYOUT_1 = """
CREATE TABLE files (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    filename TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    purpose TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER
);
CREATE INDEX files_in_order ON files (created_at, seq);
CREATE INDEX files_expiring ON files (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE file_pieces (
    file INTEGER NOT NULL REFERENCES files (seq) ON DELETE CASCADE,
    n INTEGER NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (file, n)
);

CREATE TABLE vector_stores (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    description TEXT,
    metadata TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    last_active_at INTEGER NOT NULL,
    expires_after_days INTEGER,
    expired INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX vector_stores_in_order ON vector_stores (created_at, seq);

CREATE TABLE vector_store_files (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    vector_store INTEGER NOT NULL REFERENCES vector_stores (seq) ON DELETE CASCADE,
    file INTEGER NOT NULL REFERENCES files (seq) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    due_at REAL NOT NULL,
    status TEXT NOT NULL,
    error_code TEXT,
    error_message TEXT,
    usage_bytes INTEGER NOT NULL DEFAULT 0,
    attributes TEXT NOT NULL,
    max_chunk_size_tokens INTEGER NOT NULL,
    chunk_overlap_tokens INTEGER NOT NULL,
    UNIQUE (vector_store, file)
);
CREATE INDEX vector_store_files_of_file ON vector_store_files (file);
CREATE INDEX vector_store_files_in_order ON vector_store_files (vector_store, created_at, seq);
CREATE INDEX vector_store_files_by_status ON vector_store_files (vector_store, status, due_at, usage_bytes);

CREATE TABLE file_batches (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    vector_store INTEGER NOT NULL REFERENCES vector_stores (seq) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    cancelled INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX file_batches_of_store ON file_batches (vector_store);

CREATE TABLE file_batch_files (
    batch INTEGER NOT NULL REFERENCES file_batches (seq) ON DELETE CASCADE,
    entry INTEGER NOT NULL REFERENCES vector_store_files (seq) ON DELETE CASCADE,
    PRIMARY KEY (batch, entry)
) WITHOUT ROWID;
CREATE INDEX file_batch_files_of_entry ON file_batch_files (entry);

CREATE TABLE chunks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    entry INTEGER NOT NULL REFERENCES vector_store_files (seq) ON DELETE CASCADE
);
CREATE INDEX chunks_of_entry ON chunks (entry);
CREATE VIRTUAL TABLE chunk_texts USING fts5 (
    filename, text, tokenize = 'porter unicode61 remove_diacritics 2'
);
CREATE TRIGGER chunk_texts_follow AFTER DELETE ON chunks BEGIN
    DELETE FROM chunk_texts WHERE rowid = old.id;
END;
"""

# A batch keeps the ids of its Files and not their rows: a File may be deleted while a batch names it.
# `status` is the state that was last written. `vsync.embedded.batch_states` tells the state at a time.
# `next_at` is the time of the next change that must be written. It is null when the batch has ended.
_LAYOUT_2 = """
CREATE TABLE uploads (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    filename TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    purpose TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    file_lifetime_s INTEGER,
    status TEXT NOT NULL DEFAULT 'pending'
);
CREATE INDEX uploads_pending ON uploads (expires_at) WHERE status = 'pending';

CREATE TABLE upload_parts (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    upload INTEGER NOT NULL REFERENCES uploads (seq) ON DELETE CASCADE,
    bytes INTEGER NOT NULL
);
CREATE INDEX upload_parts_of_upload ON upload_parts (upload);

CREATE TABLE upload_pieces (
    part INTEGER NOT NULL REFERENCES upload_parts (seq) ON DELETE CASCADE,
    n INTEGER NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (part, n)
);

CREATE TABLE batches (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    endpoint TEXT NOT NULL,
    input_file_id TEXT NOT NULL,
    metadata TEXT,
    output_lifetime_s INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    validated_at REAL NOT NULL,
    worked_at REAL NOT NULL,
    cancelling_at REAL,
    ended_at REAL NOT NULL,
    next_at REAL,
    status TEXT NOT NULL DEFAULT 'validating',
    model TEXT,
    total INTEGER NOT NULL DEFAULT 0,
    failing INTEGER NOT NULL DEFAULT 0,
    completed INTEGER NOT NULL DEFAULT 0,
    failed INTEGER NOT NULL DEFAULT 0,
    errors TEXT,
    output_file_id TEXT,
    error_file_id TEXT,
    input_tokens INTEGER,
    output_tokens INTEGER
);
CREATE INDEX batches_in_order ON batches (created_at, seq);
CREATE INDEX batches_due ON batches (next_at) WHERE next_at IS NOT NULL;
"""

LAYOUTS: Final = (_LAYOUT_1, _LAYOUT_2)
"""The first step makes layout 1 in an empty file, the second one makes layout 2 of layout 1, and so on."""
