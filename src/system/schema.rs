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
", "
ALTER TABLE users ADD COLUMN admin INTEGER NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN custom TEXT;       -- custom data: a JSON object
ALTER TABLE realms ADD COLUMN frozen INTEGER NOT NULL DEFAULT 0; -- whether the schema stays as it is

CREATE TABLE permissions (
    id          INTEGER PRIMARY KEY AUTOINCREMENT, -- names the row in the Realms that show it; never used again
    realm       TEXT NOT NULL REFERENCES realms ON DELETE CASCADE,
    user        TEXT NOT NULL,              -- '*' is everybody
    may_read    INTEGER NOT NULL,           -- as it was sent, like the other two
    may_write   INTEGER NOT NULL,
    may_manage  INTEGER NOT NULL,
    changed     INTEGER NOT NULL,
    changed_by  TEXT NOT NULL,              -- a user
    origin      TEXT NOT NULL,              -- 'owner', 'change', 'offer'
    UNIQUE (realm, user)
) STRICT;
CREATE INDEX permissions_of_user ON permissions (user);
INSERT INTO permissions (realm, user, may_read, may_write, may_manage, changed, changed_by, origin)
    SELECT name, owner, 1, 1, 1, created, owner, 'owner' FROM realms WHERE owner IS NOT NULL;
", "
CREATE TABLE revocations (                  -- tokens that belong to no login and count no more
    token       TEXT PRIMARY KEY,           -- fingerprint: SHA-256 of the claims, 64 hex digits
    expires     INTEGER,                    -- end of the token, after which the row goes; NULL is never
    revoked     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX revocations_by_end ON revocations (expires);
", "
CREATE TABLE mirrors (                      -- Realms that show permissions and have been made
    realm       TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;

CREATE TABLE management (                   -- how far Management Realms have been looked at
    realm       TEXT PRIMARY KEY,
    version     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE offers (
    management  TEXT NOT NULL,              -- the Realm in which the offer was made
    key         TEXT NOT NULL,              -- its row there
    token       TEXT NOT NULL UNIQUE,
    user        TEXT NOT NULL,              -- who made it
    realm       TEXT NOT NULL REFERENCES realms ON DELETE CASCADE,
    may_read    INTEGER NOT NULL,
    may_write   INTEGER NOT NULL,
    may_manage  INTEGER NOT NULL,
    expires     INTEGER,
    created     INTEGER NOT NULL,
    PRIMARY KEY (management, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE effects (                      -- what is still to be done in Realms; gone when it is durable there
    number      INTEGER PRIMARY KEY,
    realm       TEXT NOT NULL,
    base        INTEGER,                    -- the version it was made upon; NULL is the newest
    changeset   BLOB NOT NULL
) STRICT;
CREATE INDEX effects_on_realm ON effects (realm, number);
CREATE TABLE effect_numbers (               -- one row: the last number that was given
    id          INTEGER PRIMARY KEY CHECK (id = 0),
    number      INTEGER NOT NULL
) STRICT;
", "
ALTER TABLE realms DROP COLUMN frozen;      -- the configuration says it
", "
CREATE TABLE api_keys (
    id          TEXT PRIMARY KEY,           -- 24 hex digits
    user        TEXT NOT NULL REFERENCES users ON DELETE CASCADE,
    app         TEXT NOT NULL,
    name        TEXT NOT NULL,
    hash        TEXT NOT NULL UNIQUE,       -- SHA-256 of the key, 64 hex digits
    disabled    INTEGER NOT NULL,
    created     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX api_keys_of_user ON api_keys (user);
ALTER TABLE users ADD COLUMN used INTEGER NOT NULL DEFAULT 0; -- whether somebody has ever signed in as it
UPDATE users SET used = 1;
", "
ALTER TABLE accounts ADD COLUMN confirmed INTEGER NOT NULL DEFAULT 0; -- whether the e-mail address was shown to be the user's
CREATE TABLE mailed (                       -- tokens that were sent by e-mail
    id          TEXT PRIMARY KEY,           -- 24 hex digits
    account     TEXT NOT NULL REFERENCES accounts ON DELETE CASCADE,
    purpose     TEXT NOT NULL,              -- 'confirm', 'reset'
    hash        TEXT NOT NULL,              -- SHA-256 of the token, 64 hex digits
    expires     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX mailed_to_account ON mailed (account);
", "
ALTER TABLE management ADD COLUMN instructions INTEGER NOT NULL DEFAULT 0; -- of the version after it, that were looked at
", "
CREATE INDEX accounts_imported ON accounts (id) WHERE secret >= '$pbkdf2-' AND secret < '$pbkdf2.'; -- hashes of another server
", "
-- checksums of pages, which the file has before this step
", "
CREATE TABLE removals (                     -- Realms whose files are to go, or have gone
    realm       TEXT PRIMARY KEY,
    asked       INTEGER NOT NULL,
    kept        INTEGER NOT NULL,           -- whether the row stays: devices with a file from before start over
    done        INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
", "
DROP INDEX accounts_imported;
CREATE INDEX accounts_imported ON accounts (secret) WHERE secret >= '$pbkdf2-' AND secret < '$pbkdf2.'; -- hashes of another server, by what they cost
", "
CREATE TABLE stale_users (                  -- users whose rows in the list for administrators are to be looked at
    user        TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;
CREATE TRIGGER user_made AFTER INSERT ON users BEGIN
    INSERT OR IGNORE INTO stale_users (user) VALUES (new.id);
END;
CREATE TRIGGER user_changed AFTER UPDATE OF app, disabled, admin, custom ON users BEGIN
    INSERT OR IGNORE INTO stale_users (user) VALUES (new.id);
END;
CREATE TRIGGER user_gone AFTER DELETE ON users BEGIN
    INSERT OR IGNORE INTO stale_users (user) VALUES (old.id);
END;
CREATE TRIGGER account_made AFTER INSERT ON accounts BEGIN
    INSERT OR IGNORE INTO stale_users (user) VALUES (new.user);
END;
CREATE TRIGGER account_changed AFTER UPDATE OF user, provider, name ON accounts BEGIN
    INSERT OR IGNORE INTO stale_users (user) VALUES (old.user);
    INSERT OR IGNORE INTO stale_users (user) VALUES (new.user);
END;
CREATE TRIGGER account_gone AFTER DELETE ON accounts BEGIN
    INSERT OR IGNORE INTO stale_users (user) VALUES (old.user);
END;
CREATE TABLE shown (                        -- rows in the list for administrators that are about users
    number      INTEGER PRIMARY KEY AUTOINCREMENT, -- names the row there; never used again
    user        TEXT NOT NULL,
    what        TEXT NOT NULL,              -- 'user', 'Account/<id>', 'UserMetadataRow/<key>'
    UNIQUE (user, what)
) STRICT;
INSERT INTO stale_users (user) SELECT id FROM users;
", "
CREATE TABLE removed_users (                -- tokens that stand alone do not outlive their user
    user        TEXT PRIMARY KEY,           -- SHA-256 of its id, 64 hex digits
    removed     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
", "
-- whose a Realm is, is settled when it is listed: a first segment that is no user's id, and of nobody who has ever looked at its permissions, is a folder of Realms that belong to nobody
UPDATE realms SET owner = NULL WHERE app = 'classic' AND owner IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM users WHERE id = realms.owner AND app = 'classic')
    AND NOT EXISTS (SELECT 1 FROM realms AS own WHERE own.name IN
        ('/' || realms.owner || '/__management', '/' || realms.owner || '/__permission', '/' || realms.owner || '/__perm'));
"];
