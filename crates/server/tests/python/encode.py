"""Issues tokens as the seeds' application does: `sub` and `exp`, with both libraries."""

import json
import sys
from datetime import datetime, timedelta, timezone

import jwt as pyjwt
from jose import jwt as jose

asked = json.load(sys.stdin)
for library in (jose, pyjwt):
    to_encode = {"sub": asked["sub"]}
    to_encode.update({"exp": datetime.now(timezone.utc) + timedelta(minutes=30)})
    print(library.encode(to_encode, asked["key"], algorithm=asked["algorithm"]))
