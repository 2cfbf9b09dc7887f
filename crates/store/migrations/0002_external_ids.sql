-- An identifier of another system names one user here, so that bringing the same user in again finds the first.
create unique index sekisho_users_by_external_id on sekisho_users (external_id) where external_id is not null;
