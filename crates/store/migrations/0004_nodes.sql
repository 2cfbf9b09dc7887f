-- What the servers do by themselves, once among all of them: when it is due, whose turn it is, and how it went.
create table sekisho_jobs (
    name {key} not null primary key,
    due_at {bigint} not null,
    holder {key},
    held_until {bigint},
    began_at {bigint},
    ended_at {bigint},
    succeeded_at {bigint},
    outcome {text},
    runs {bigint} not null,
    failures {bigint} not null
) {table_by_key};

-- Token buckets that several servers share: a keyed hash of what is counted, and when its bucket is full again.
create table sekisho_limits (
    counted {bytes} not null primary key,
    full_at {bigint} not null
) {table_by_key};
