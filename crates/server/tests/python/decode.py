"""Decodes a token as the seeds do, with both libraries that are imported as `jwt`."""

import json
import sys

import jwt as pyjwt
from jose import jwt as jose

asked = json.load(sys.stdin)
for library in (jose, pyjwt):
    payload = library.decode(asked["token"], asked["key"], algorithms=[asked["algorithm"]])
    print(json.dumps(payload))
