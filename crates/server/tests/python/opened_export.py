"""Opens an exported file with the seeds' models.py and pwd_context; asked for log-ins, answers which succeed."""

import json
import sys
from typing import Optional

from passlib.context import CryptContext
from sqlmodel import Field, Session, SQLModel, create_engine, select


class User(SQLModel, table=True):
    id: Optional[int] = Field(default=None, primary_key=True)
    email: str = Field(unique=True, index=True)
    username: str
    full_name: Optional[str] = None
    disabled: Optional[bool] = False
    hashed_password: str
    # A column that only this application knows.
    phone: Optional[str] = None


pwd_context = CryptContext(schemes=["bcrypt"], deprecated="auto")
engine = create_engine(f"sqlite:///{sys.argv[1]}")
SQLModel.metadata.create_all(engine)


def logs_in(session, username, password):
    user = session.exec(select(User).where(User.username == username)).first()
    return pwd_context.verify(password, user.hashed_password)


with Session(engine) as session:
    users = session.exec(select(User).order_by(User.id)).all()
    answer = {
        "users": [[user.id, user.email, user.username, user.disabled, user.phone] for user in users],
        "log_ins": [logs_in(session, *asked) for asked in json.load(sys.stdin)],
    }
    new = User(email="new@example.com", username="new", hashed_password=pwd_context.hash("secret-123"))
    session.add(new)
    session.commit()
    session.refresh(new)
    print(json.dumps({**answer, "added": new.id}))
