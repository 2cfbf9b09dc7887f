"""The tables: the seeds' `User`, as its recorded exchanges show it, and a table of the application's own."""

from typing import Optional

from sqlmodel import Field, SQLModel


class User(SQLModel, table=True):
    id: Optional[int] = Field(default=None, primary_key=True)
    email: str = Field(unique=True, index=True)
    username: str
    full_name: Optional[str] = None
    disabled: bool = False
    hashed_password: str
    # A default of Python's, of which the database knows nothing.
    role: str = "member"


class Order(SQLModel, table=True):
    __tablename__ = "orders"

    id: Optional[int] = Field(default=None, primary_key=True)
    owner_id: int = Field(foreign_key="user.id")
    what: str
