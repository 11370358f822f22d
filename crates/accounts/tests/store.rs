//! Accounts, invites and attempts in the database.

use std::net::IpAddr;
use std::time::Duration;

use accounts::{
    AccountCredentials, AccountScope, AccountStore, AttemptLimits, InviteCode, LoginAttempts,
    NewOwner, Password, PasswordHash, PasswordHasher, Place, PlaceName, PlaceStore, Registration,
    ScopeChange, SetupCode, SetupOutcome,
};
use domain::ids::UserId;
use test_database::TestDatabase;

const ADDRESS: &str = "192.0.2.7";

fn user(id: &str) -> UserId {
    UserId::parse(id).expect("a user id")
}

fn address(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

async fn hash(text: &str) -> PasswordHash {
    let hasher = PasswordHasher::new().expect("a hasher");
    let password = Password::parse(text).expect("a password");
    hasher.hash(password).await.expect("a hash")
}

fn of_user(hash: &PasswordHash) -> AccountCredentials {
    AccountCredentials {
        hash: hash.clone(),
        scope: AccountScope::User,
    }
}

#[tokio::test]
async fn a_user_id_is_registered_once_and_stays_taken() {
    let database = TestDatabase::migrated("accounts").await;
    let store = AccountStore::new(database.pool.clone());
    let (ann, first) = (user("ann"), hash("correct horse").await);
    assert!(!store.exists(&ann).await.expect("a query"));
    let registered = store.register(&ann, &first, None).await;
    assert_eq!(registered.expect("a query"), Registration::Created);
    let found = store.find_credentials("ann").await.expect("a query");
    assert_eq!(found, Some(of_user(&first)));
    let again = store.register(&ann, &first, None).await;
    assert_eq!(again.expect("a query"), Registration::Taken);
    // A closed account has no password, and its id is not free.
    assert!(store.close(&ann).await.expect("a query").is_some());
    let found = store.find_credentials("ann").await.expect("a query");
    assert_eq!(found, None);
    let again = store.register(&ann, &first, None).await;
    assert_eq!(again.expect("a query"), Registration::Taken);
    // One that was taken back is.
    let bob = user("bob");
    store.register(&bob, &first, None).await.expect("a query");
    store
        .undo_registration(&bob, &first)
        .await
        .expect("a query");
    assert!(!store.exists(&bob).await.expect("a query"));
    database.close().await;
}

#[tokio::test]
async fn an_invite_is_used_up_by_the_account_that_it_opens() {
    let database = TestDatabase::migrated("accounts").await;
    let store = AccountStore::new(database.pool.clone());
    let first = hash("correct horse").await;
    let register = async |id: &str, code: &InviteCode| {
        let registered = store.register(&user(id), &first, Some(code)).await;
        registered.expect("a query")
    };
    let invite = store.invite(Duration::from_secs(60)).await;
    let code = invite.expect("a query").code;
    let guessed = InviteCode::presented("guessed");
    assert_eq!(register("ann", &guessed).await, Registration::InvalidInvite);
    let taken = store.register(&user("bob"), &first, None).await;
    assert_eq!(taken.expect("a query"), Registration::Created);
    assert_eq!(register("bob", &code).await, Registration::Taken);
    let presented = InviteCode::presented(code.reveal());
    assert_eq!(register("ann", &presented).await, Registration::Created);
    assert_eq!(register("cid", &code).await, Registration::InvalidInvite);
    let expired = store.invite(Duration::ZERO).await.expect("a query").code;
    assert_eq!(register("cid", &expired).await, Registration::InvalidInvite);
    database.close().await;
}

#[tokio::test]
async fn a_change_of_password_stores_what_is_to_be_revoked() {
    let database = TestDatabase::migrated("accounts").await;
    let store = AccountStore::new(database.pool.clone());
    let (ann, old, new) = (
        user("ann"),
        hash("correct horse").await,
        hash("staple and battery").await,
    );
    store.register(&ann, &old, None).await.expect("a query");
    let changed = store.change_password(&ann, &of_user(&old), &new).await;
    let first = changed.expect("a query").expect("it was the old password");
    for (hash, expected) in [(&new, true), (&old, false)] {
        let is_current = store.is_current("ann", &of_user(hash)).await;
        assert_eq!(is_current.expect("a query"), expected);
    }
    let again = store.change_password(&ann, &of_user(&old), &new).await;
    assert_eq!(again.expect("a query"), None);
    let pending = store.list_pending_revocations(10).await.expect("a query");
    assert_eq!(pending, std::slice::from_ref(&first));
    // A later one takes the place of the first, which then settles nothing.
    let second = store.reset_password(&ann, &old).await.expect("a query");
    let second = second.expect("there is an account");
    let is_later = second.before > first.before;
    store.settle(&first).await.expect("a query");
    let pending = store.list_pending_revocations(10).await.expect("a query");
    assert_eq!(pending.len(), usize::from(is_later));
    store.settle(&second).await.expect("a query");
    let pending = store.list_pending_revocations(10).await.expect("a query");
    assert!(pending.is_empty());
    let nobody = store.reset_password(&user("bob"), &old).await;
    assert_eq!(nobody.expect("a query"), None);
    database.close().await;
}

#[tokio::test]
async fn a_sign_in_waits_for_a_change_of_password_that_is_under_way() {
    let database = TestDatabase::migrated("accounts").await;
    let store = AccountStore::new(database.pool.clone());
    let (ann, old) = (user("ann"), hash("correct horse").await);
    store.register(&ann, &old, None).await.expect("a query");
    let mut change = database.pool.begin().await.expect("a transaction");
    sqlx::query("UPDATE accounts.accounts SET password_hash = 'new' WHERE user_id = 'ann'")
        .execute(&mut *change)
        .await
        .expect("a statement");
    let waiting = tokio::spawn({
        let (store, old) = (store.clone(), of_user(&old));
        async move { store.is_current("ann", &old).await }
    });
    eventually::eventually("the sign-in waits for the lock", async || {
        let waits: bool =
            sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")
                .fetch_one(&database.pool)
                .await
                .expect("a query");
        waits.then_some(())
    })
    .await;
    change.commit().await.expect("a commit");
    assert!(!waiting.await.expect("no panic").expect("a query"));
    database.close().await;
}

#[tokio::test]
async fn attempts_count_for_users_and_addresses_within_the_window() {
    let database = TestDatabase::migrated("accounts").await;
    let limits = AttemptLimits {
        window: Duration::from_secs(600),
        per_user: 2,
        per_address: 3,
    };
    // Two processes.
    let attempts = [0, 1].map(|_| LoginAttempts::new(database.pool.clone(), limits));
    let record = async |process: usize, id: &str, from: &str| {
        let recorded = attempts[process].record(id, address(from)).await;
        recorded.expect("a query")
    };
    let first = record(0, "ann", ADDRESS).await.expect("allowed");
    record(1, "ann", ADDRESS).await.expect("allowed");
    let refused = record(0, "ann", "192.0.2.8")
        .await
        .expect_err("the limit of ann");
    let wait = refused.retry_after.as_secs();
    assert!((590..=600).contains(&wait), "{wait}");
    // The refused attempt counts for no address: this is the third from this one.
    record(1, "bob", ADDRESS).await.expect("allowed");
    record(0, "cid", ADDRESS)
        .await
        .expect_err("the limit of the address");
    // Nor did that one count for cid.
    record(0, "cid", "192.0.2.9").await.expect("allowed");
    record(0, "cid", "192.0.2.9").await.expect("allowed");
    // What is forgiven no longer counts, for both.
    attempts[1].forgive(&first).await.expect("a query");
    record(0, "ann", ADDRESS).await.expect("allowed");
    record(0, "ann", "192.0.2.8")
        .await
        .expect_err("the limit of ann");
    // Neither does what is older than the window.
    sqlx::query(
        "UPDATE accounts.attempts
            SET wrong_at = ARRAY(SELECT t - interval '10 min' FROM unnest(wrong_at) AS t)",
    )
    .execute(&database.pool)
    .await
    .expect("a statement");
    record(1, "ann", ADDRESS).await.expect("allowed");
    // Old ones are removed: of bob, cid and 192.0.2.9; ann and the address have a new one.
    assert_eq!(attempts[0].remove_old().await.expect("a query"), 3);
    database.close().await;
}

#[tokio::test]
async fn attempts_at_the_same_time_count_one_by_one() {
    let database = TestDatabase::migrated("accounts").await;
    let attempts = LoginAttempts::new(database.pool.clone(), AttemptLimits::default());
    let tried = (0..40).map(|_| {
        let attempts = attempts.clone();
        tokio::spawn(async move { attempts.record("ann", address(ADDRESS)).await })
    });
    let mut allowed = 0;
    for ended in tried.collect::<Vec<_>>() {
        allowed += usize::from(ended.await.expect("no panic").expect("a query").is_ok());
    }
    assert_eq!(allowed, 10);
    database.close().await;
}

#[tokio::test]
async fn a_place_is_set_up_once_with_a_code() {
    let database = TestDatabase::migrated("accounts").await;
    let (place, accounts) = (
        PlaceStore::new(database.pool.clone()),
        AccountStore::new(database.pool.clone()),
    );
    let (hash, name) = (
        hash("correct horse").await,
        PlaceName::parse("The Tea House").expect("a name"),
    );
    accounts
        .register(&user("ann"), &hash, None)
        .await
        .expect("a query");
    let issue = async |ttl| place.issue_code(ttl).await.expect("a query");
    let set_up = async |id: &str, code: &SetupCode| {
        let owner = NewOwner {
            user: user(id),
            hash: hash.clone(),
        };
        place.set_up(code, &owner, &name).await.expect("a query")
    };
    let minute = Duration::from_secs(60);
    let (first, second) = (issue(minute).await, issue(minute).await);
    let (first, second) = (first.expect("a code"), second.expect("a code"));
    let expired = issue(Duration::ZERO).await.expect("a code");
    let wrong = SetupCode::presented("wrong");
    for code in [&wrong, &expired] {
        assert_eq!(set_up("bob", code).await, SetupOutcome::InvalidCode);
    }
    assert_eq!(set_up("ann", &first).await, SetupOutcome::Taken);
    let expected = Place {
        name: None,
        is_set_up: false,
    };
    assert_eq!(place.find().await.expect("a query"), expected);
    let presented = SetupCode::presented(first.reveal());
    assert_eq!(set_up("bob", &presented).await, SetupOutcome::SetUp);
    // The other code is void too, and nothing issues another one.
    assert_eq!(set_up("cid", &second).await, SetupOutcome::HasOwner);
    assert!(issue(minute).await.is_none());
    let found = accounts.find_credentials("bob").await.expect("a query");
    assert_eq!(found.expect("an account").scope, AccountScope::Admin);
    let renamed = PlaceName::parse("茶館").expect("a name");
    place.rename(&renamed).await.expect("a query");
    let expected = Place {
        name: Some("茶館".into()),
        is_set_up: true,
    };
    assert_eq!(place.find().await.expect("a query"), expected);
    database.close().await;
}

#[tokio::test]
async fn only_the_newest_codes_are_valid() {
    let database = TestDatabase::migrated("accounts").await;
    let place = PlaceStore::new(database.pool.clone());
    let mut codes = Vec::new();
    for seconds in 1..=9 {
        let issued = place.issue_code(Duration::from_secs(60 + seconds)).await;
        codes.push(issued.expect("a query").expect("a code"));
    }
    let mut checked = Vec::new();
    for code in &codes {
        checked.push(place.check_code(code).await.expect("a query"));
    }
    assert_eq!(checked[0], SetupOutcome::InvalidCode);
    assert_eq!(checked[1..], [SetupOutcome::SetUp; 8]);
    database.close().await;
}

#[tokio::test]
async fn lowering_a_scope_revokes_and_the_last_administrator_stays() {
    let database = TestDatabase::migrated("accounts").await;
    let store = AccountStore::new(database.pool.clone());
    let hash = hash("correct horse").await;
    for id in ["ann", "bob"] {
        let registered = store.register(&user(id), &hash, None).await;
        registered.expect("a query");
    }
    let set = async |id: &str, scope| store.set_scope(&user(id), scope).await.expect("a query");
    assert_eq!(
        set("zoe", AccountScope::Admin).await,
        ScopeChange::NoAccount
    );
    assert_eq!(
        set("ann", AccountScope::Admin).await,
        ScopeChange::Changed(None)
    );
    assert_eq!(
        set("ann", AccountScope::Admin).await,
        ScopeChange::Unchanged
    );
    assert_eq!(
        set("ann", AccountScope::Moderator).await,
        ScopeChange::LastAdministrator
    );
    set("bob", AccountScope::Admin).await;
    let ScopeChange::Changed(Some(revoked)) = set("ann", AccountScope::User).await else {
        panic!("the tokens of an administrator stay valid");
    };
    let pending = store.list_pending_revocations(10).await.expect("a query");
    assert_eq!(pending, [revoked]);
    // An administrator who cannot sign in does not count.
    set("ann", AccountScope::Admin).await;
    store.close(&user("ann")).await.expect("a query");
    assert_eq!(
        set("bob", AccountScope::User).await,
        ScopeChange::LastAdministrator
    );
    let admins = store
        .list_records("", Some(AccountScope::Admin), "", 10)
        .await;
    let admins: Vec<(String, bool)> = admins
        .expect("a query")
        .into_iter()
        .map(|account| (account.user, account.is_open))
        .collect();
    assert_eq!(admins, [("ann".into(), false), ("bob".into(), true)]);
    let after = store.list_records("b", None, "b", 10).await;
    assert_eq!(after.expect("a query").len(), 1);
    database.close().await;
}
