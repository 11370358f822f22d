//! Devices and their registrations for pushes match the mailboxes.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::collections::BTreeSet;

use domain::ids::DeviceId;
use support::history::HistoryGenerator;
use support::{ProjectorDatabase, config, fold};

#[tokio::test]
async fn devices_and_their_registrations_match_the_mailboxes() {
    let generator = HistoryGenerator::with_events(43, 6, 4_000);
    let database = ProjectorDatabase::new().await;
    fold(&database.pool, config(), &generator.log, 333).await;
    let devices: Vec<(String, String, i64)> = sqlx::query_as(
        "SELECT u.name, d.device, d.cursor FROM read.devices d JOIN read.users u ON u.id = d.user_id",
    )
    .fetch_all(&database.pool)
    .await
    .unwrap();
    let registrations: Vec<(String, String, String)> = sqlx::query_as(
        "SELECT u.name, d.device, d.digest FROM read.push_devices d \
         JOIN read.users u ON u.id = d.user_id",
    )
    .fetch_all(&database.pool)
    .await
    .unwrap();
    let (mut expected_devices, mut expected_registrations) = (BTreeSet::new(), BTreeSet::new());
    for (owner, mailbox) in &generator.mailboxes {
        for device in ["phone", "web"].map(|name| DeviceId::parse(name).unwrap()) {
            let key = (owner.to_string(), device.to_string());
            if let Some(cursor) = mailbox.device_cursor(&device) {
                expected_devices.insert((key.0.clone(), key.1.clone(), cursor));
            }
            if let Some(digest) = mailbox.push_registration(&device) {
                expected_registrations.insert((key.0, key.1, digest.to_string()));
            }
        }
    }
    assert!(
        expected_registrations.len() > 1,
        "{expected_registrations:?}"
    );
    assert_eq!(BTreeSet::from_iter(devices), expected_devices);
    assert_eq!(BTreeSet::from_iter(registrations), expected_registrations);
    database.close().await;
}
