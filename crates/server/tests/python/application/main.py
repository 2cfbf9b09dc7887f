"""The seeds' application, with one business route of its own: orders."""

from datetime import timedelta

from fastapi import Body, Depends, FastAPI, HTTPException, status
from fastapi.security import OAuth2PasswordBearer, OAuth2PasswordRequestForm
from jose import JWTError, jwt
from sqlmodel import Session, SQLModel, select

from auth import (
    ACCESS_TOKEN_EXPIRE_MINUTES,
    ALGORITHM,
    SECRET_KEY,
    create_access_token,
    get_password_hash,
    verify_password,
)
from database import engine, init_db
from models import Order, User

app = FastAPI()
oauth2_scheme = OAuth2PasswordBearer(tokenUrl="token")
init_db()


class PublicUser(SQLModel):
    username: str
    email: str
    full_name: str | None = None
    disabled: bool


def get_user(username: str):
    with Session(engine) as session:
        return session.exec(select(User).where(User.username == username)).first()


def authenticate_user(username: str, password: str):
    user = get_user(username)
    if not user or not verify_password(password, user.hashed_password):
        return False
    return user


def get_current_user(token: str = Depends(oauth2_scheme)) -> User:
    refused = HTTPException(
        status_code=status.HTTP_401_UNAUTHORIZED,
        detail="Could not validate credentials",
        headers={"WWW-Authenticate": "Bearer"},
    )
    try:
        username = jwt.decode(token, SECRET_KEY, algorithms=[ALGORITHM]).get("sub")
    except JWTError:
        raise refused
    user = get_user(username) if username is not None else None
    if user is None:
        raise refused
    if user.disabled:
        raise HTTPException(status_code=400, detail="Inactive user")
    return user


@app.post("/token")
async def login_for_access_token(form_data: OAuth2PasswordRequestForm = Depends()):
    user = authenticate_user(form_data.username, form_data.password)
    if not user:
        raise HTTPException(
            status_code=status.HTTP_401_UNAUTHORIZED,
            detail="Incorrect username or password",
            headers={"WWW-Authenticate": "Bearer"},
        )
    expires = timedelta(minutes=ACCESS_TOKEN_EXPIRE_MINUTES)
    return {"access_token": create_access_token({"sub": user.username}, expires), "token_type": "bearer"}


@app.get("/users/me", response_model=PublicUser)
async def read_users_me(current_user: User = Depends(get_current_user)):
    return current_user


@app.post("/users/", response_model=PublicUser)
async def create_user(user: User, password: str = Body(...)):
    user.hashed_password = get_password_hash(password)
    with Session(engine) as session:
        session.add(user)
        session.commit()
        session.refresh(user)
    return user


@app.post("/orders")
def add_order(what: str = Body(embed=True), current_user: User = Depends(get_current_user)):
    with Session(engine) as session:
        order = Order(owner_id=current_user.id, what=what)
        session.add(order)
        session.commit()
        session.refresh(order)
    return order


@app.get("/orders")
def read_orders(current_user: User = Depends(get_current_user)):
    with Session(engine) as session:
        return session.exec(select(Order).where(Order.owner_id == current_user.id)).all()
