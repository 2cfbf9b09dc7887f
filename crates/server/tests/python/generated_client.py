"""The seeds' calls, through a client that openapi-python-client made of the server's openapi.json."""

import sys

base_url, folder = sys.argv[1:]
sys.path.insert(0, folder)

from sekisho_client import AuthenticatedClient, Client
from sekisho_client.api.default import (
    create_user_users_post,
    login_for_access_token_token_post,
    read_own_items_users_me_items_get,
    read_users_me_users_me_get,
)
from sekisho_client.models import (
    BodyCreateUserUsersPost,
    BodyLoginForAccessTokenTokenPost,
    HTTPValidationError,
    User,
)

client = Client(base_url=base_url)

user = User(username="anew", email="anew@example.com")
created = create_user_users_post.sync_detailed(
    client=client, body=BodyCreateUserUsersPost(user=user, password="secret-123")
)
assert created.status_code == 200, created
assert isinstance(created.parsed, User), created
assert created.parsed.to_dict() == {
    "username": "anew",
    "email": "anew@example.com",
    "full_name": None,
    "disabled": False,
}, created

short = create_user_users_post.sync_detailed(
    client=client, body=BodyCreateUserUsersPost(user=user, password="x")
)
assert short.status_code == 422, short
assert isinstance(short.parsed, HTTPValidationError), short
assert short.parsed.detail[0].loc == ["body", "password"], short

form = BodyLoginForAccessTokenTokenPost(username="tim", password="tim1234")
token = login_for_access_token_token_post.sync_detailed(client=client, body=form)
assert token.status_code == 200, token
access_token = token.parsed.access_token if hasattr(token.parsed, "access_token") else token.parsed["access_token"]

own = AuthenticatedClient(base_url=base_url, token=access_token)
me = read_users_me_users_me_get.sync_detailed(client=own)
assert me.status_code == 200, me
assert isinstance(me.parsed, User) and me.parsed.full_name == "Tim Ruscica", me

items = read_own_items_users_me_items_get.sync_detailed(client=own)
assert items.status_code == 200, items
assert items.parsed[0].item_id == 1 and items.parsed[0].owner.username == "tim", items

nobody = read_users_me_users_me_get.sync_detailed(client=AuthenticatedClient(base_url=base_url, token="x"))
assert nobody.status_code == 401, nobody
print("ok")
