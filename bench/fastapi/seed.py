"""Fills the rival's database: COUNT users named as the bench names them, all with one bcrypt hash."""

import sqlite3
import sys

count = int(sys.argv[1])
path = sys.argv[2]
import app  # creates the table

hashed = app.pwd_context.hash("correct horse battery staple")
rows = ((f"user{n}", f"user{n}@example.com", f"User Number {n}", 0, hashed) for n in range(count))
with sqlite3.connect(path) as database:
    database.executemany(
        "insert into user (username, email, full_name, disabled, hashed_password) values (?, ?, ?, ?, ?)", rows
    )
