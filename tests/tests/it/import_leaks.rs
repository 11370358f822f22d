//! L9 for imports: an import shows no user a message that they did not see before, however much
//! its names, ids and users are those of the live system or of other imports.

use serde_json::json;
use tests::corpus::import_file;
use tests::import_leaks::{NAMES, RandomExport, SeenTexts, USERS};
use tests::seed::{Rng, seed};
use tests::world::{Settings, World};

/// Pairs of a live system and an export.
const PAIRS: usize = 200;

#[tokio::test(flavor = "multi_thread")]
async fn no_import_shows_a_user_what_they_did_not_see_before() {
    let mut rng = Rng::new(seed("import-leaks"));
    let world = World::start_with(Settings::default().with("TIDINGS_RATE_LIMIT", 0)).await;
    let mut seen = SeenTexts::default();
    let (mut imported, mut elsewhere) = (0, 0);
    for number in 0..PAIRS {
        act(&world, &mut rng, number).await;
        seen.read_new(&world.pool).await.expect("the log");
        let before = seen.viewers();
        let export = RandomExport::write(&mut rng, &world.dir, number).expect("written");
        let report = import_file(&world, &export.path).await;
        seen.read_new(&world.pool).await.expect("the log");
        let after = seen.viewers();
        for (text, viewers) in &before {
            assert_eq!(
                &after[text], viewers,
                "pair {number}: {text:?} after {report}"
            );
        }
        for (text, members) in &export.viewers {
            let viewers = &after[text];
            assert!(
                viewers.is_subset(members),
                "pair {number}: {viewers:?} see {text:?} of {members:?}"
            );
        }
        assert_eq!(report["messages"], json!(export.viewers.len()), "{report}");
        imported += export.viewers.len();
        elsewhere += report["other_ids"]
            .as_object()
            .map_or(0, serde_json::Map::len);
    }
    assert!(
        imported > PAIRS && elsewhere > PAIRS / 2,
        "{imported} messages, {elsewhere} conversations with names that were taken"
    );
}

/// What happens in the live system: groups whose ids are names of the exports, direct
/// conversations, and messages.
async fn act(world: &World, rng: &mut Rng, number: usize) {
    let name = *rng.pick(&USERS);
    let user = world.user(name);
    let name = *rng.pick(&NAMES);
    let members: Vec<&str> = USERS.into_iter().filter(|_| rng.chance(30)).collect();
    // The group may exist already, and the user may not be a member of it.
    user.create_group(name, &members).await;
    user.send(
        name,
        &format!("k{number}"),
        &format!("live {number} {name}"),
    )
    .await;
    let peer = *rng.pick(&USERS);
    if peer != user.user() {
        let direct = user.create_direct(peer).await;
        let text = format!("live {number} direct");
        user.send(&direct, &format!("d{number}"), &text).await;
    }
}
