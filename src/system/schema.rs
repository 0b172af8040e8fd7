//! The tables of the server's own database. A step that has been released is never changed; add another.

/// The steps from an empty file to the newest format.
pub const STEPS: &[&str] = &["
CREATE TABLE users (
    id          TEXT PRIMARY KEY,           -- 24 hex digits
    app         TEXT NOT NULL,
    created     INTEGER NOT NULL,           -- seconds since 1970, like all times here
    disabled    INTEGER NOT NULL DEFAULT 0,
    email       TEXT                        -- as the user wrote it
) STRICT, WITHOUT ROWID;

CREATE TABLE accounts (                     -- the ways in which a user signs in
    id          TEXT PRIMARY KEY,           -- 24 hex digits
    user        TEXT NOT NULL REFERENCES users ON DELETE CASCADE,
    app         TEXT NOT NULL,
    provider    TEXT NOT NULL,              -- 'anon-user', 'local-userpass'
    name        TEXT NOT NULL,              -- unique for the provider; in small letters
    secret      TEXT,                       -- hash of the password
    created     INTEGER NOT NULL,
    UNIQUE (app, provider, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX accounts_of_user ON accounts (user);

CREATE TABLE logins (                       -- gone when the user logs out
    id          TEXT PRIMARY KEY,           -- 24 hex digits
    user        TEXT NOT NULL REFERENCES users ON DELETE CASCADE,
    device      TEXT NOT NULL,
    created     INTEGER NOT NULL,
    expires     INTEGER NOT NULL            -- end of the refresh token
) STRICT, WITHOUT ROWID;
CREATE INDEX logins_of_user ON logins (user);
CREATE INDEX logins_by_end ON logins (expires);

CREATE TABLE realms (
    name        TEXT PRIMARY KEY,           -- canonical
    app         TEXT NOT NULL,              -- 'classic' for virtual paths
    owner       TEXT,
    created     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
"];
