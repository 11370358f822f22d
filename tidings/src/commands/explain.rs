//! `tidings explain`: why a user sees a message or not.

use anyhow::Result;
use data_dir::{OperatorDatabase, with_migrated_database};
use query_api::explanation::{VisibilityQuestion, explain_visibility};
use settings::{ExplainArgs, SystemConfig};

use crate::output::{out, outln};

/// Prints the explanation. That a user does not see a message is an answer and no failure.
pub async fn run(config: &SystemConfig, args: &ExplainArgs) -> Result<()> {
    let question = VisibilityQuestion {
        user: args.user.clone(),
        conversation: args.conversation.clone(),
        seq: args.seq,
        as_of: None,
    };
    let explanation = with_migrated_database(
        config.server_options(),
        async |database: &OperatorDatabase| Ok(explain_visibility(&database.pool, &question).await?),
    );
    let explanation = explanation.await?;
    if args.json {
        outln!("{}", serde_json::to_string(&explanation)?)?;
    } else {
        out!("{}", explanation.to_text())?;
    }
    Ok(())
}
