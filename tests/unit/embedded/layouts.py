"""The layouts of released versions, kept apart from the product: what they are may never change."""

LAYOUT_1 = """
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
