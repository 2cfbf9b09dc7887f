"""Hashes passwords as the seeds' `get_password_hash` does."""

import json
import sys

from passlib.context import CryptContext

pwd_context = CryptContext(schemes=["bcrypt"], deprecated="auto", bcrypt__rounds=5)
json.dump([pwd_context.hash(password) for password in json.load(sys.stdin)], sys.stdout)
