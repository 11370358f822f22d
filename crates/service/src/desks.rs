//! Starts what routes and closes the sessions of service desks.

use anyhow::Result;
use command_svc::CommandState;
use command_svc::desks::{self, DeskWorker};
use dispatcher::OnlineUsers;

use super::ServiceRuntime;

impl ServiceRuntime {
    /// The task that routes and closes sessions.
    pub(super) fn desks_task(
        &self,
        state: CommandState,
    ) -> impl Future<Output = Result<()>> + use<> {
        let (nats, mirror) = (self.nats.clone(), self.mirror.clone());
        let ending = self.background_shutdown.clone();
        async move {
            let online = OnlineUsers::run_listener(Some(&nats), &mirror, ending.clone()).await;
            // Sessions are closed at once, and routed as soon as it is known who is there.
            let is_online = move |user: &str| online.is_ready() && online.is_online(user);
            desks::run(DeskWorker::new(state, Box::new(is_online)), ending).await;
            Ok(())
        }
    }
}
