//! `GET /v1/devices`: the devices of the caller.

use axum::extract::State;
use axum::response::Response;
use domain::time::Timestamp;
use http_edge::Caller;
use serde::Serialize;
use sqlx::types::time::OffsetDateTime;
use utoipa::ToSchema;

use crate::consistency::min_position::MinPosition;
use crate::consistency::position_params::MinPositionParams;
use crate::consistency::read_state::ReadState;
use crate::docs::CallerProblems;
use crate::error::EndpointError;
use crate::live::state::LiveState;

/// The devices of the caller.
#[derive(Debug, Serialize, ToSchema)]
pub struct Devices {
    /// The devices, ordered by id. A user has a limited number of them, so there are no pages.
    pub devices: Vec<OwnDevice>,
}

/// A device of the caller: it has acknowledged something, or gets pushes.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Device)]
pub struct OwnDevice {
    /// The id of the device.
    pub device: String,
    /// The log position up to which it has received everything; null if it has never acknowledged
    /// any.
    #[schema(required = true)]
    pub cursor: Option<i64>,
    /// When it was connected, acknowledged something or registered for pushes last.
    #[schema(value_type = String, format = DateTime)]
    pub last_seen: Timestamp,
    /// Whether it has a live connection.
    pub online: bool,
    /// How it gets pushes; null if it gets none.
    #[schema(required = true)]
    pub push: Option<DevicePush>,
}

/// How a device gets pushes. The token is in no answer.
#[derive(Debug, Serialize, ToSchema)]
pub struct DevicePush {
    /// `apns`, `fcm` or `webpush`.
    pub provider: String,
    /// Whether a push shows the text of a message.
    pub preview: bool,
    /// When the device registered.
    #[schema(value_type = String, format = DateTime)]
    pub registered_at: Timestamp,
}

/// A row of the query: the position of the read model, and a device if there is one.
#[derive(sqlx::FromRow)]
struct ListedDevice {
    read_position: i64,
    device: Option<String>,
    cursor: Option<i64>,
    acked_at: Option<OffsetDateTime>,
    provider: Option<String>,
    preview: Option<bool>,
    registered_at: Option<OffsetDateTime>,
}

/// Binds the user.
const DEVICES: &str =
    "SELECT k.position AS read_position, x.device, x.cursor, x.acked_at, x.provider, x.preview,
            x.registered_at
     FROM read.checkpoint k LEFT JOIN (
         SELECT coalesce(d.device, p.device) AS device, d.cursor, d.acked_at, p.provider, p.preview,
                p.at AS registered_at
         FROM (SELECT d.* FROM read.devices d JOIN read.users u ON u.id = d.user_id
               WHERE u.name = $1) d
         FULL JOIN (SELECT p.* FROM read.push_devices p JOIN read.users u ON u.id = p.user_id
                    WHERE u.name = $1) p ON p.device = d.device
     ) x ON true
     ORDER BY x.device COLLATE \"C\"";

/// Returns the devices of the caller: which have received what, are online, and get pushes.
#[utoipa::path(
    get, path = "/v1/devices", operation_id = "list_devices", tag = "devices",
    params(MinPositionParams),
    responses(
        (status = 200, description = "All devices.", body = Devices,
         headers(("Tidings-Position" = i64, description = "The log position of the read model."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position."))),
        CallerProblems,
    ),
)]
pub async fn list_devices(
    State(state): State<ReadState>,
    State(live): State<LiveState>,
    caller: Caller,
    min_position: MinPosition,
) -> Result<Response, EndpointError> {
    let guard = min_position.wait().await?;
    let rows: Vec<ListedDevice> = sqlx::query_as(DEVICES)
        .bind(&caller.user)
        .fetch_all(&state.pool)
        .await?;
    let first = rows.first().ok_or(sqlx::Error::RowNotFound)?;
    let position = first.read_position;
    let names: Vec<&str> = rows
        .iter()
        .filter_map(|row| row.device.as_deref())
        .collect();
    let presence = live.presence.load_devices(&caller.user, &names).await?;
    let rows = rows.iter().filter(|row| row.device.is_some());
    let devices = rows.zip(presence);
    let devices = devices
        .map(|(row, (online, seen_at))| row.to_device(online, seen_at))
        .collect();
    guard.respond(position, &Devices { devices })
}

impl ListedDevice {
    fn to_device(&self, online: bool, seen_at: Option<Timestamp>) -> OwnDevice {
        let acked_at = self.acked_at.map(Timestamp::from);
        let registered_at = self.registered_at.map(Timestamp::from);
        let times = [seen_at, acked_at, registered_at];
        let last_seen = times.into_iter().flatten().max();
        let push = match (&self.provider, registered_at) {
            (Some(provider), Some(registered_at)) => Some(DevicePush {
                provider: provider.clone(),
                preview: self.preview.unwrap_or_default(),
                registered_at,
            }),
            _ => None,
        };
        OwnDevice {
            device: self.device.clone().unwrap_or_default(),
            cursor: self.cursor,
            // Every row has acknowledged or registered.
            last_seen: last_seen.unwrap_or(Timestamp::from_millis(0)),
            online,
            push,
        }
    }
}
