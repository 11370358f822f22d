//! An embedded nats-server that could not write works again without anybody's help.
//! `make nats-full` does the same with a full disk, which needs root.

use std::fs;

use eventually::eventually;
use tests::log::{self, STREAM_NAME};
use tests::nats_storage::{StorageFault, run_storage_fault};
use tests::single_machine::SingleMachine;
use tests::world::Settings;

#[tokio::test(flavor = "multi_thread")]
async fn a_nats_server_that_could_not_write_is_restarted_and_catches_up() {
    let report = run_storage_fault(StorageFault::Unwritable).await;
    let report = report.expect("the mirror is reported and heals");
    eprintln!("{report:?}");
    assert_eq!(
        report.mirrored,
        1 + report.sends,
        "the creation and the sends"
    );
}

/// A power loss can do this: nats-server does not sync the description of a stream.
#[tokio::test(flavor = "multi_thread")]
async fn a_stream_without_its_description_is_created_again() {
    let mut machine = SingleMachine::start(&Settings::default()).await;
    let ann = machine.user("ann");
    ann.create_group("room", &["bob"]).await.expect(201);
    let last = ann.send_texts("room", "before", 5).await;
    wait_for_mirror(&machine, last).await;
    machine.stop();
    let stream = format!("servers/nats/jetstream/$G/streams/{STREAM_NAME}");
    let description = machine.data().join(stream).join("meta.inf");
    fs::write(&description, "").expect("there is a stream");
    machine.start_service().await;
    let last = machine.user("ann").send_texts("room", "after", 5).await;
    wait_for_mirror(&machine, last).await;
    let events = log::fetch_events(&machine.admin()).await.expect("the log");
    let compared = log::check_mirror(&machine.nats_url(), &events).await;
    assert_eq!(compared.expect("the mirror is exact"), events.len());
}

async fn wait_for_mirror(machine: &SingleMachine, last: i64) {
    let url = machine.nats_url();
    eventually("the mirror is at the head", async || {
        let (_, end) = log::mirror_range(&url).await.ok()?;
        (end == last as u64).then_some(())
    })
    .await;
}
