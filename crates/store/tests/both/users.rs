use std::time::Duration;

use sekisho_store::{Error, Field, Insert, NewUser};

use super::open;
use crate::world::{NOW, id, insert, insert_tim, login, new_user};

#[tokio::test]
async fn a_user_is_found_by_id_name_and_login() {
    let db = open().await;
    assert!(!db.store.read().await.unwrap().has_users().await.unwrap());
    let tim = insert_tim(&db.store).await;
    let mut read = db.store.read().await.unwrap();
    let user = read.user_by_id(tim).await.unwrap().unwrap();
    assert_eq!((user.id, user.username.as_str(), user.email.as_deref()), (tim, "tim", Some("tim@gmail.com")));
    assert_eq!((user.full_name.as_deref(), user.external_id.as_deref()), (Some("Tim Ruscica"), None));
    assert_eq!((user.token_version, user.disabled_at), (0, None));
    assert_eq!((user.created_at, user.updated_at), (NOW, NOW));
    assert_eq!(read.user_by_username("tim").await.unwrap().as_ref(), Some(&user));
    assert_eq!(read.user_by_login(&login("TIM", "tim", None)).await.unwrap().as_ref(), Some(&user));
    assert_eq!(read.user_by_id(id(2)).await.unwrap(), None);
    assert!(read.has_users().await.unwrap());
    assert_eq!(read.count_users().await.unwrap(), 1);
}

#[tokio::test]
async fn sub_is_compared_byte_for_byte() {
    let db = open().await;
    insert(&db.store, &[new_user(1, "é", "é", "a@b.c")]).await;
    let mut read = db.store.read().await.unwrap();
    for other in ["É", "e\u{301}", "é ", ""] {
        assert_eq!(read.user_by_username(other).await.unwrap(), None, "{other:?}");
    }
    assert!(read.user_by_username("é").await.unwrap().is_some());
}

#[tokio::test]
async fn login_takes_the_exact_name_then_the_key_then_the_address() {
    let db = open().await;
    // Adopted: a twin in capitals that only its spelling finds, and a name that is somebody else's address.
    let twin = NewUser { username_key: None, ..new_user(2, "TIM", "", "twin@x.org") };
    let posing = NewUser { username_key: None, ..new_user(3, "tim@x.org", "", "three@x.org") };
    insert(&db.store, &[new_user(1, "tim", "tim", "tim@x.org"), twin, posing]).await;
    let mut read = db.store.read().await.unwrap();
    for (typed, email_key, found) in [
        ("tim", None, Some(1)),
        ("TIM", None, Some(2)),
        ("Tim", None, Some(1)),
        ("tim@x.org", Some("tim@x.org"), Some(3)),
        ("Tim@x.org", Some("tim@x.org"), Some(1)),
        ("twin@x.org", Some("twin@x.org"), Some(2)),
        ("tom", None, None),
    ] {
        let name = login(typed, &typed.to_lowercase(), email_key);
        // The key of `Tim@x.org` is nobody's: the name that looks like it has none.
        let user = read.user_by_login(&name).await.unwrap();
        assert_eq!(user.as_ref().map(|user| user.id), found.map(id), "{typed}");
        let candidate = read.login_candidate(&name).await.unwrap();
        assert_eq!(candidate.map(|(user, hash)| (user, hash.is_none())), user.map(|user| (user, true)));
    }
}

#[tokio::test]
async fn what_is_taken_is_named_and_the_name_comes_first() {
    let db = open().await;
    insert_tim(&db.store).await;
    for (user, taken) in [
        (new_user(2, "tim", "tim2", "two@x.org"), Some(Field::Username)),
        (new_user(2, "Tim", "tim", "two@x.org"), Some(Field::Username)),
        (new_user(2, "tom", "tom", "tim@gmail.com"), Some(Field::Email)),
        (new_user(2, "tim", "tim", "tim@gmail.com"), Some(Field::Username)),
        (new_user(2, "tom", "tom", "tom@x.org"), None),
    ] {
        let mut tx = db.store.begin().await.unwrap();
        let insert = tx.insert_user(&user).await.unwrap();
        assert_eq!(insert, taken.map_or(Insert::Done, Insert::Taken), "{user:?}");
        tx.commit().await.unwrap();
    }
    assert_eq!(db.store.read().await.unwrap().count_users().await.unwrap(), 2);
    let mut tx = db.store.begin().await.unwrap();
    let again = tx.insert_user(&new_user(2, "third", "third", "third@x.org")).await;
    assert!(matches!(again, Err(Error::Taken { .. })), "an id is never used twice");
}

#[tokio::test]
async fn keys_and_addresses_may_be_missing_many_times() {
    let db = open().await;
    let bare = |number, name| NewUser {
        username_key: None,
        email: None,
        email_key: None,
        ..new_user(number, name, "", "")
    };
    insert(&db.store, &[bare(1, "a"), bare(2, "b")]).await;
    assert_eq!(db.store.read().await.unwrap().count_users().await.unwrap(), 2);
}

#[tokio::test]
async fn users_are_paged_in_the_order_of_their_ids() {
    let db = open().await;
    insert(
        &db.store,
        &[new_user(3, "c", "c", "c@x"), new_user(1, "a", "a", "a@x"), new_user(2, "b", "b", "b@x")],
    )
    .await;
    let mut read = db.store.read().await.unwrap();
    let page: Vec<_> = read.users(None, 2).await.unwrap().into_iter().map(|user| user.username).collect();
    assert_eq!(page, ["a", "b"]);
    let page: Vec<_> =
        read.users(Some(id(2)), 2).await.unwrap().into_iter().map(|user| user.username).collect();
    assert_eq!(page, ["c"]);
}

#[tokio::test]
async fn disabling_and_enabling_tell_whether_they_did_anything() {
    let db = open().await;
    let tim = insert_tim(&db.store).await;
    let later = NOW.plus(Duration::from_secs(60));
    let mut tx = db.store.begin().await.unwrap();
    assert!(!tx.enable(tim, later).await.unwrap());
    assert!(tx.disable(tim, later).await.unwrap());
    assert!(!tx.disable(tim, later).await.unwrap());
    assert!(!tx.disable(id(9), later).await.unwrap());
    let user = tx.user_by_id(tim).await.unwrap().unwrap();
    assert_eq!((user.disabled_at, user.updated_at), (Some(later), later));
    assert!(tx.enable(tim, later).await.unwrap());
    assert!(!tx.user_by_id(tim).await.unwrap().unwrap().is_disabled());
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_token_version_is_raised_by_one() {
    let db = open().await;
    let tim = insert_tim(&db.store).await;
    let mut tx = db.store.begin().await.unwrap();
    assert_eq!(tx.raise_token_version(tim, NOW).await.unwrap(), Some(1));
    assert_eq!(tx.raise_token_version(tim, NOW).await.unwrap(), Some(2));
    assert_eq!(tx.raise_token_version(id(9), NOW).await.unwrap(), None);
    assert_eq!(tx.user_by_id(tim).await.unwrap().unwrap().token_version, 2);
}

#[tokio::test]
async fn a28_a_deleted_user_is_gone_and_the_name_stays_reserved_for_a_while() {
    let db = open().await;
    let tim = insert_tim(&db.store).await;
    let release = NOW.plus(Duration::from_secs(1800));
    let mut tx = db.store.begin().await.unwrap();
    tx.add_item(tim, NOW).await.unwrap();
    assert!(tx.delete_user(tim, NOW, release).await.unwrap());
    assert!(!tx.delete_user(tim, NOW, release).await.unwrap());
    tx.commit().await.unwrap();

    let mut read = db.store.read().await.unwrap();
    assert_eq!(read.user_by_id(tim).await.unwrap(), None);
    assert_eq!(read.user_by_username("tim").await.unwrap(), None);
    assert_eq!(
        read.user_by_login(&login("tim@gmail.com", "tim", Some("tim@gmail.com"))).await.unwrap(),
        None
    );
    assert_eq!(read.users(None, 10).await.unwrap(), []);
    assert_eq!((read.count_users().await.unwrap(), read.has_users().await.unwrap()), (0, false));
    assert_eq!(read.items_of(tim).await.unwrap(), []);
    let mut shell =
        read.row("select email, email_key, full_name, extra from sekisho_users", &[]).await.unwrap().unwrap();
    for column in 0..4 {
        assert_eq!(
            shell.take::<Option<String>>(column).unwrap(),
            None,
            "nothing personal but the name is left"
        );
    }

    let mut tx = db.store.begin().await.unwrap();
    for nothing in [
        tx.disable(tim, NOW).await.unwrap(),
        tx.enable(tim, NOW).await.unwrap(),
        tx.raise_token_version(tim, NOW).await.unwrap().is_some(),
    ] {
        assert!(!nothing);
    }
    let before = release.minus(Duration::from_micros(1));
    assert_eq!(tx.release_names(before).await.unwrap(), 0);
    let name = tx.insert_user(&new_user(2, "Tim", "tim", "new@x.org")).await.unwrap();
    let email = tx.insert_user(&new_user(3, "new", "new", "tim@gmail.com")).await.unwrap();
    assert_eq!((name, email), (Insert::Taken(Field::Username), Insert::Done));
    assert_eq!(tx.release_names(release).await.unwrap(), 1);
    assert_eq!(tx.insert_user(&new_user(2, "tim", "tim", "again@x.org")).await.unwrap(), Insert::Done);
    tx.commit().await.unwrap();
    assert_eq!(db.store.read().await.unwrap().user_by_username("tim").await.unwrap().unwrap().id, id(2));
}

#[tokio::test]
async fn a_user_who_is_not_deleted_has_a_name() {
    let db = open().await;
    insert_tim(&db.store).await;
    let nameless = db.store.write_one("update sekisho_users set username = null", &[]).await;
    assert!(matches!(nameless, Err(Error::Constraint { .. })), "{nameless:?}");
}

#[tokio::test]
async fn a_name_is_free_from_its_time_on_whether_or_not_anybody_has_freed_it() {
    let db = open().await;
    let tim = insert_tim(&db.store).await;
    let release = NOW.plus(Duration::from_secs(1800));
    let mut tx = db.store.begin().await.unwrap();
    assert!(tx.delete_user(tim, NOW, release).await.unwrap());
    let early =
        NewUser { now: release.minus(Duration::from_micros(1)), ..new_user(2, "TIM", "tim", "a@x.org") };
    assert_eq!(tx.insert_user(&early).await.unwrap(), Insert::Taken(Field::Username));
    assert_eq!(tx.insert_user(&NewUser { now: release, ..early }).await.unwrap(), Insert::Done);
    let again = NewUser { now: release, ..new_user(3, "tim", "tim", "b@x.org") };
    assert_eq!(tx.insert_user(&again).await.unwrap(), Insert::Taken(Field::Username));
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn names_are_freed_a_few_at_a_time_the_oldest_first() {
    let db = open().await;
    let names: Vec<String> = (0..5).map(|number| format!("user{number}")).collect();
    let mut tx = db.store.begin().await.unwrap();
    for (number, name) in (1..).zip(&names) {
        tx.insert_user(&new_user(number, name, name, name)).await.unwrap();
        assert!(tx.delete_user(id(number), NOW, NOW.plus(Duration::from_secs(number))).await.unwrap());
    }
    let at = |seconds| NOW.plus(Duration::from_secs(seconds));
    assert_eq!(tx.release_some_names(at(4), 3).await.unwrap(), 3);
    let again = new_user(9, "user4", "user4", "user4");
    assert_eq!(tx.insert_user(&again).await.unwrap(), Insert::Taken(Field::Username));
    assert_eq!(tx.release_some_names(at(4), 3).await.unwrap(), 1);
    assert_eq!(tx.release_some_names(at(4), 3).await.unwrap(), 0);
    tx.commit().await.unwrap();
}
