//! The way between gateways: core NATS.

use async_nats::connection::State;
use async_nats::{Client, Subscriber};
use event_log::mirror::MirrorConfig;
use futures::StreamExt as _;
use uuid::Uuid;

use crate::word::{Said, Word};

/// One process's end of it.
pub struct Wire {
    gateway: String,
    nats: Option<(Client, Subscriber)>,
    subject: String,
}

impl Wire {
    /// Without a client nothing is heard, and what is said is lost.
    pub async fn open(nats: Option<&Client>, mirror: &MirrorConfig) -> Self {
        let subject = mirror.gossip();
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

    /// Tells the others.
    pub async fn say(&self, said: Said) {
        let Some((client, _)) = &self.nats else {
            return;
        };
        // Without a connection, what is published would be kept until there is no room for it.
        if client.connection_state() != State::Connected {
            return;
        }
        let word = Word {
            gateway: self.gateway.clone(),
            said,
        };
        if let Ok(json) = serde_json::to_vec(&word) {
            let _ = client.publish(self.subject.clone(), json.into()).await;
        }
    }

    /// The next word of another gateway. `None` for what cannot be read; never without NATS.
    pub async fn hear(&mut self) -> Option<Word> {
        let Some((_, subscriber)) = &mut self.nats else {
            return std::future::pending().await;
        };
        let Some(message) = subscriber.next().await else {
            self.nats = None;
            return None;
        };
        let word: Word = serde_json::from_slice(&message.payload).ok()?;
        (word.gateway != self.gateway).then_some(word)
    }
}
