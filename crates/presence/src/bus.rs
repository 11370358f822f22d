//! The message bus between gateways, on core NATS.

use async_nats::connection::State;
use async_nats::{Client, Subscriber};
use futures::StreamExt as _;
use uuid::Uuid;

use crate::message::{GatewayMessage, GatewayPayload};

/// The subject on which gateways exchange presence and typing. The mirror stream does not store it.
fn gossip_subject(mirror_stream: &str) -> String {
    format!("{mirror_stream}.gossip")
}

/// The connection of one process to the bus. Without NATS it receives nothing and drops what is
/// sent.
pub struct GatewayBus {
    gateway: String,
    nats: Option<(Client, Subscriber)>,
    subject: String,
}

impl GatewayBus {
    /// Subscribes to the subject of all gateways of the log with this mirror stream. Without a
    /// client, or if subscribing fails, the bus works without NATS.
    pub async fn open(nats: Option<&Client>, mirror_stream: &str) -> Self {
        let subject = gossip_subject(mirror_stream);
        let nats = match nats {
            None => None,
            Some(client) => {
                let subscriber = client.subscribe(subject.clone()).await;
                subscriber
                    .ok()
                    .map(|subscriber| (client.clone(), subscriber))
            }
        };
        Self {
            gateway: Uuid::new_v4().to_string(),
            nats,
            subject,
        }
    }

    /// Sends a message to the other gateways. Best effort: it is dropped if NATS is not connected.
    pub async fn send(&self, said: GatewayPayload) {
        let Some((client, _)) = &self.nats else {
            return;
        };
        // While disconnected, the NATS client would buffer published messages until its buffer is
        // full.
        if client.connection_state() != State::Connected {
            return;
        }
        let message = GatewayMessage {
            gateway: self.gateway.clone(),
            payload: said,
        };
        if let Ok(json) = serde_json::to_vec(&message) {
            let _ = client.publish(self.subject.clone(), json.into()).await;
        }
    }

    /// Waits for the next message from another gateway. Returns `None` for the process's own
    /// messages and for messages that cannot be decoded. Without NATS it never returns.
    pub async fn recv(&mut self) -> Option<GatewayMessage> {
        let Some((_, subscriber)) = &mut self.nats else {
            return std::future::pending().await;
        };
        let Some(received) = subscriber.next().await else {
            self.nats = None;
            return None;
        };
        let message: GatewayMessage = serde_json::from_slice(&received.payload).ok()?;
        (message.gateway != self.gateway).then_some(message)
    }
}
