"""Makes the database of the seeds' application with its own classes: `application_users.py URL`, users as JSON on stdin."""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "application"))

from models import User
from passlib.context import CryptContext
from sqlmodel import Session, SQLModel, create_engine

pwd_context = CryptContext(schemes=["bcrypt"], deprecated="auto", bcrypt__rounds=5)
engine = create_engine(sys.argv[1])
SQLModel.metadata.create_all(engine)
with Session(engine) as session:
    for user in json.load(sys.stdin):
        hashed_password = pwd_context.hash(user.pop("password"))
        session.add(User(hashed_password=hashed_password, **user))
        session.commit()
