use sekisho_core::accounts::IncomingUser;
use sekisho_core::credentials::HashString;
use sekisho_core::time::Timestamp;
use sekisho_store::{Error, Field, Insert};
use serde_json::json;

use super::open;
use crate::world::{NOW, cost, id, insert_tim, login};

/// Ada of another system, with everything that a user can bring.
fn ada() -> IncomingUser {
    IncomingUser {
        id: id(7),
        external_id: Some("17".to_owned()),
        username: "ada@x.org".to_owned(),
        username_key: Some("ada@x.org".to_owned()),
        email: Some("Ada@x.org".to_owned()),
        email_key: Some("ada@x.org".to_owned()),
        full_name: Some("Ada Lovelace".to_owned()),
        extra: json!({"phone": "123", "tags": [1, null]}).as_object().cloned(),
        token_version: 3,
        disabled_at: Some(Timestamp::from_seconds(5)),
        created_at: Timestamp::from_seconds(1),
        updated_at: Timestamp::from_seconds(6),
        password: Some((HashString::new("$2b$04$ada".to_owned()), cost("bcrypt", "4"))),
    }
}

#[tokio::test]
async fn an_incoming_user_is_there_whole() {
    let db = open().await;
    let ada = ada();
    let mut tx = db.store.begin().await.unwrap();
    assert_eq!(tx.insert_incoming(&ada).await.unwrap(), Insert::Done);
    assert_eq!(tx.hash_mix().await.unwrap(), [(cost("bcrypt", "4"), 1)]);
    tx.commit().await.unwrap();

    let mut read = db.store.read().await.unwrap();
    let user = read.user_by_external_id("17").await.unwrap().unwrap();
    assert_eq!(
        (user.id, user.username.as_str(), user.email.as_deref()),
        (ada.id, "ada@x.org", Some("Ada@x.org"))
    );
    assert_eq!((user.full_name.as_deref(), user.external_id.as_deref()), (Some("Ada Lovelace"), Some("17")));
    assert_eq!((user.token_version, user.disabled_at), (3, ada.disabled_at));
    assert_eq!((user.created_at, user.updated_at), (ada.created_at, ada.updated_at));
    assert_eq!(read.extra_of(ada.id).await.unwrap(), ada.extra);
    let name = login("Ada@X.org", "ada@x.org", Some("ada@x.org"));
    let (found, hash) = read.login_candidate(&name).await.unwrap().unwrap();
    assert_eq!((found, hash.unwrap().as_str()), (user, "$2b$04$ada"));
    assert_eq!(read.user_by_external_id("18").await.unwrap(), None);
    assert_eq!(read.extra_of(id(8)).await.unwrap(), None);
}

#[tokio::test]
async fn what_is_taken_is_named_nothing_is_written_and_the_transaction_goes_on() {
    let db = open().await;
    insert_tim(&db.store).await;
    let mut tx = db.store.begin().await.unwrap();
    assert_eq!(tx.insert_incoming(&ada()).await.unwrap(), Insert::Done);
    let other = IncomingUser {
        id: id(8),
        external_id: Some("18".to_owned()),
        username: "Other".to_owned(),
        username_key: Some("other".to_owned()),
        email_key: Some("other@x.org".to_owned()),
        ..ada()
    };
    let text = |text: &str| Some(text.to_owned());
    for (row, taken) in [
        (IncomingUser { id: id(7), external_id: None, ..other.clone() }, Field::Id),
        (IncomingUser { id: id(7), external_id: text("17"), ..other.clone() }, Field::Id),
        (
            IncomingUser { external_id: text("17"), email_key: text("tim@gmail.com"), ..other.clone() },
            Field::ExternalId,
        ),
        (IncomingUser { username: "tim".into(), username_key: None, ..other.clone() }, Field::Username),
        (
            IncomingUser { username_key: text("tim"), email_key: text("ada@x.org"), ..other.clone() },
            Field::Username,
        ),
        (IncomingUser { email_key: text("tim@gmail.com"), ..other.clone() }, Field::Email),
    ] {
        assert_eq!(tx.insert_incoming(&row).await.unwrap(), Insert::Taken(taken), "{row:?}");
    }
    assert_eq!(tx.hash_mix().await.unwrap(), [(cost("bcrypt", "4"), 1)]);
    let twin =
        IncomingUser { username: "TIM".into(), username_key: None, email_key: None, password: None, ..other };
    assert_eq!(tx.insert_incoming(&twin).await.unwrap(), Insert::Done);
    tx.commit().await.unwrap();
    assert_eq!(db.store.read().await.unwrap().count_users().await.unwrap(), 3);
}

#[tokio::test]
async fn a_deleted_user_keeps_the_id_and_gives_the_external_id_back() {
    let db = open().await;
    let mut tx = db.store.begin().await.unwrap();
    tx.insert_incoming(&ada()).await.unwrap();
    assert!(tx.delete_user(id(7), NOW, NOW).await.unwrap());
    assert_eq!(tx.user_by_external_id("17").await.unwrap(), None);
    assert_eq!(tx.extra_of(id(7)).await.unwrap(), None);
    tx.release_names(NOW).await.unwrap();
    assert_eq!(tx.insert_incoming(&ada()).await.unwrap(), Insert::Taken(Field::Id));
    let again = IncomingUser { id: id(8), ..ada() };
    assert_eq!(tx.insert_incoming(&again).await.unwrap(), Insert::Done);
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn items_keep_their_numbers_and_later_ones_begin_above() {
    let db = open().await;
    let tim = insert_tim(&db.store).await;
    let mut tx = db.store.begin().await.unwrap();
    for (number, done) in [(41, true), (7, true), (41, false)] {
        assert_eq!(tx.insert_incoming_item(number, tim, NOW).await.unwrap(), done, "{number}");
    }
    assert_eq!(tx.add_item(tim, NOW).await.unwrap(), Some(42));
    tx.commit().await.unwrap();
    let items = db.store.read().await.unwrap().items_of(tim).await.unwrap();
    assert_eq!(items.iter().map(|item| item.item_id).collect::<Vec<_>>(), [7, 41, 42]);

    let mut tx = db.store.begin().await.unwrap();
    let nobody = tx.insert_incoming_item(50, id(9), NOW).await;
    assert!(matches!(nobody, Err(Error::Constraint { .. })), "{nobody:?}");
}

#[tokio::test]
async fn users_go_out_as_they_came_in_page_by_page() {
    let db = open().await;
    let tim = insert_tim(&db.store).await;
    let bare = IncomingUser {
        id: id(9),
        external_id: None,
        username: "bare".to_owned(),
        username_key: None,
        email: None,
        email_key: None,
        extra: None,
        password: None,
        ..ada()
    };
    let mut tx = db.store.begin().await.unwrap();
    for user in [ada(), bare.clone()] {
        assert_eq!(tx.insert_incoming(&user).await.unwrap(), Insert::Done);
    }
    for (number, owner) in [(3, id(9)), (1, id(9)), (2, tim)] {
        assert!(tx.insert_incoming_item(number, owner, NOW).await.unwrap());
    }
    tx.commit().await.unwrap();

    let mut read = db.store.read().await.unwrap();
    let first = read.whole_users(None, 2).await.unwrap();
    assert_eq!(
        first.iter().map(|(user, items)| (user.id, items.clone())).collect::<Vec<_>>(),
        [(tim, vec![2]), (id(7), vec![])]
    );
    assert_eq!(first[1].0, ada());
    assert_eq!(read.whole_users(Some(id(7)), 2).await.unwrap(), [(bare.clone(), vec![1, 3])]);
    assert_eq!(read.whole_users(Some(id(9)), 2).await.unwrap(), []);
    assert_eq!(read.whole_user(id(9)).await.unwrap(), Some(bare));
    assert_eq!(read.whole_user(id(8)).await.unwrap(), None);
    assert_eq!(read.owner_of_item(2).await.unwrap(), Some(tim));
    assert_eq!(read.owner_of_item(4).await.unwrap(), None);
    assert_eq!(read.id_by_email_key("ada@x.org").await.unwrap(), Some(id(7)));
}

#[tokio::test]
async fn a_conflict_is_foreseen_and_a_name_whose_time_has_come_is_none() {
    let db = open().await;
    let tim = insert_tim(&db.store).await;
    let posing = IncomingUser { username: "TIM".into(), username_key: Some("tim".into()), ..ada() };
    let later = Timestamp::from_seconds(NOW.as_seconds() + 60);
    let mut tx = db.store.begin().await.unwrap();
    assert_eq!(tx.incoming_conflict(&posing, NOW).await.unwrap(), Some(Field::Username));
    assert!(tx.delete_user(tim, NOW, later).await.unwrap());
    assert_eq!(tx.incoming_conflict(&posing, NOW).await.unwrap(), Some(Field::Username));
    assert_eq!(tx.incoming_conflict(&posing, later).await.unwrap(), None);
    let same_id = IncomingUser { id: tim, ..ada() };
    assert_eq!(tx.incoming_conflict(&same_id, later).await.unwrap(), Some(Field::Id));
    assert_eq!(tx.incoming_conflict(&ada(), NOW).await.unwrap(), None);
}
