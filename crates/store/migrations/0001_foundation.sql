-- Users. Of a deleted one a blank row stays for ever, so that its id is never given again and other tables may refer to
-- it. The row keeps the name until `released_at`, guarded by the unique indexes themselves; the address is free at once.
create table sekisho_users (
    id {id} not null primary key,
    username {key},
    username_key {key},
    email {text},
    email_key {key},
    full_name {text},
    external_id {key},
    extra {text},
    token_version {bigint} not null,
    disabled_at {bigint},
    created_at {bigint} not null,
    updated_at {bigint} not null,
    released_at {bigint},
    check (username is not null or released_at is not null)
) {table_by_key};

create unique index sekisho_users_by_username on sekisho_users (username);
create unique index sekisho_users_by_username_key on sekisho_users (username_key);
create unique index sekisho_users_by_email_key on sekisho_users (email_key);
create index sekisho_users_by_release on sekisho_users (released_at)
    where released_at is not null and username is not null;

-- What a user logs in with: for a password `data` is the hash.
create table sekisho_credentials (
    user_id {id} not null references sekisho_users (id),
    kind {key} not null,
    scheme {key} not null,
    cost {key} not null,
    data {text} not null,
    created_at {bigint} not null,
    updated_at {bigint} not null,
    primary key (user_id, kind)
) {table_by_key};

-- How many password hashes there are of each scheme and cost: what the dummy hash draws from.
create table sekisho_hash_schemes (
    scheme {key} not null,
    cost {key} not null,
    n {bigint} not null,
    primary key (scheme, cost)
) {table_by_key};

create table sekisho_counters (
    name {key} not null primary key,
    value {bigint} not null
) {table_by_key};

create table sekisho_items (
    item_id {bigint} not null primary key,
    owner_id {id} not null references sekisho_users (id),
    created_at {bigint} not null
) {table};

create index sekisho_items_by_owner on sekisho_items (owner_id, item_id);

-- Facts, each recorded in the transaction that made it so.
create table sekisho_events (
    event_id {serial},
    at {bigint} not null,
    kind {key} not null,
    subject {id},
    actor {key} not null,
    actor_id {id},
    request_id {key} not null,
    peer {text},
    agent {text},
    data {text} not null
) {table};

-- What belongs to the database as a whole, such as the fingerprint of the root key that it was made with.
create table sekisho_meta (
    name {key} not null primary key,
    value {text} not null
) {table_by_key};
