//! One attempt to push, and what follows from its outcome.

use domain::mailbox::push_event::PushProvider;
use push::{PushNotification, PushOutcome, PushSender};

use super::drops::PushDrops;
use super::due::DuePush;
use super::outcomes::ProviderAnswer;
use crate::sender::DeliveryOutcome;

/// What became of an attempt.
pub struct Attempt {
    /// The push.
    pub due: DuePush,
    /// Who delivered.
    pub provider: PushProvider,
    /// What the provider answered, to be counted.
    pub answer: ProviderAnswer,
    /// The outcome. A token that is gone counts as [`AttemptOutcome::Dropped`] once the log has
    /// that.
    pub outcome: AttemptOutcome,
}

/// The outcome of an attempt.
pub enum AttemptOutcome {
    /// It was accepted, or failed.
    Tried(DeliveryOutcome),
    /// The token is gone, and the device gets no more pushes.
    Dropped,
}

/// Makes one attempt. If the token is gone, drops the registration at once.
pub async fn run(
    sender: PushSender,
    drops: std::sync::Arc<dyn PushDrops>,
    due: DuePush,
    provider: PushProvider,
    notification: PushNotification,
) -> Attempt {
    let answered = sender.send(&due.target(provider), &notification).await;
    let answer = ProviderAnswer::from(&answered);
    let outcome = match answered {
        PushOutcome::Accepted => AttemptOutcome::Tried(DeliveryOutcome::Accepted),
        PushOutcome::Failed {
            reason,
            retry_after,
            ..
        } => AttemptOutcome::Tried(DeliveryOutcome::Failed {
            reason,
            retry_after,
        }),
        PushOutcome::Gone => {
            let device = due.device();
            let dropped = drops.drop_gone(&device.user, &device.device, &due.digest);
            match dropped.await {
                Ok(()) => AttemptOutcome::Dropped,
                Err(reason) => AttemptOutcome::Tried(DeliveryOutcome::Failed {
                    reason,
                    retry_after: None,
                }),
            }
        }
    };
    Attempt {
        due,
        provider,
        answer,
        outcome,
    }
}
