//! An embedded nats-server that could not write works again without anybody's help.
//! `make nats-full` does the same with a full disk, which needs root.

use tests::nats_storage::{StorageFault, run_storage_fault};

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
