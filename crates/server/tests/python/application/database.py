"""Where the data lies."""

from sqlmodel import SQLModel, create_engine

import models  # noqa: F401: its tables are made below

DATABASE_URL = "sqlite:///./test.db"
engine = create_engine(DATABASE_URL)


def init_db():
    SQLModel.metadata.create_all(engine)
