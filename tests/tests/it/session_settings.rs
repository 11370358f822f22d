//! What the sessions of a running system set for themselves, whatever the database says.

use sqlx::Executor as _;
use tests::world::World;

/// Each statement that inserts into one of these tables notes the setting of its session.
const NOTE_JIT: &str = "
    CREATE TABLE public.noted (place text, jit text);
    CREATE FUNCTION public.note_jit() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO public.noted VALUES (TG_TABLE_NAME, current_setting('jit'));
        RETURN NULL;
    END $$;
    CREATE TRIGGER note_jit AFTER INSERT ON log.events EXECUTE FUNCTION public.note_jit();
    CREATE TRIGGER note_jit AFTER INSERT ON read.messages EXECUTE FUNCTION public.note_jit();
    DO $$ BEGIN
        EXECUTE format('ALTER DATABASE %I SET jit = on', current_database());
    END $$";

#[tokio::test(flavor = "multi_thread")]
async fn statements_are_not_compiled_even_if_the_database_says_so() {
    // Given a database that compiles statements by default,
    let mut world = World::start().await;
    let ann = world.user("ann");
    ann.create_group("room", &["bob"]).await.expect(201);
    world.pool.execute(NOTE_JIT).await.expect("the triggers");
    world.stop();
    world.start_service().await;
    // when a message is sent and projected,
    let sent = world.user("ann").send("room", "m1", "hello").await;
    world.wait_until_projected(sent.position()).await;
    // then the sessions that did it do not compile theirs.
    let noted: Vec<(String, String)> =
        sqlx::query_as("SELECT DISTINCT place, jit FROM public.noted ORDER BY place")
            .fetch_all(&world.pool)
            .await
            .expect("the notes");
    let off = |place: &str| (place.to_owned(), "off".to_owned());
    assert_eq!(noted, [off("events"), off("messages")]);
}
