-- What was taken over from another application: a row there, and what it became here. It stays when the user is deleted, so
-- that taking over again does not bring back who is gone.
create table sekisho_adopted (
    kind {key} not null,
    external_id {key} not null,
    user_id {id} not null references sekisho_users (id),
    item_id {bigint},
    adopted_at {bigint} not null,
    primary key (kind, external_id)
) {table_by_key};

create index sekisho_adopted_by_user on sekisho_adopted (user_id);
