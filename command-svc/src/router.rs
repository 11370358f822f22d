//! The routes of all commands.

use http_edge::schema;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::commands::cases::{reopen, report, resolve};
use crate::commands::deployment::{
    feature_switch, flood_rules, holds, hook, link_rules, word_lists,
};
use crate::commands::desks::{handling, open, remarks, settings as desk_settings};
use crate::commands::{
    ack, add_members, batch, block, change, clear, contact, create, devices, edit, erase, import,
    invitation, join, links, pin, preferences, profile, react, read, recall, remove_member,
    restore, restriction, sanctions, schedule, send_route, thread, user_settings,
};
use crate::docs;
use crate::state::CommandState;

/// The routes of all commands, with their OpenAPI documentation. The caller merges them with the
/// other routes of the server and wraps the result with the middleware of `http_edge`.
pub fn router(state: CommandState) -> OpenApiRouter {
    documented_routes().with_state(state)
}

/// The OpenAPI document of these routes.
pub fn document() -> OpenApi {
    documented_routes().into_openapi()
}

fn documented_routes() -> OpenApiRouter<CommandState> {
    let mut router = OpenApiRouter::with_openapi(schema::base_document())
        .routes(routes!(create::create_conversation))
        .routes(routes!(change::change_conversation))
        .routes(routes!(add_members::add_members))
        .routes(routes!(remove_member::remove_member))
        .routes(routes!(send_route::send_message))
        .routes(routes!(edit::edit_message, recall::recall_message))
        .routes(routes!(react::add_reaction, react::remove_reaction))
        .routes(routes!(read::mark_read))
        .routes(routes!(thread::follow_thread, thread::unfollow_thread))
        .routes(routes!(thread::mark_thread_read))
        .routes(routes!(
            schedule::change_scheduled,
            schedule::cancel_scheduled
        ))
        .routes(routes!(ack::acknowledge))
        .routes(routes!(preferences::set_preferences))
        .routes(routes!(devices::remove_device))
        .routes(routes!(devices::register_push, devices::unregister_push))
        .routes(routes!(block::block_user, block::unblock_user))
        .routes(routes!(contact::add_contact, contact::remove_contact))
        .routes(routes!(
            invitation::accept_invitation,
            invitation::decline_invitation
        ))
        .routes(routes!(invitation::withdraw_invitation))
        .routes(routes!(batch::run_batch))
        .routes(routes!(profile::change_profile))
        .routes(routes!(user_settings::change_settings))
        .routes(routes!(profile::set_user))
        .routes(routes!(profile::revoke_tokens))
        .routes(routes!(import::import_messages))
        .routes(routes!(erase::erase_content))
        .routes(routes!(join::join_conversation))
        .routes(routes!(join::admit_user, join::decline_user))
        .routes(routes!(links::create_link))
        .routes(routes!(links::end_link))
        .routes(routes!(links::join_by_link))
        .routes(routes!(sanctions::silence_user, sanctions::unsilence_user))
        .routes(routes!(sanctions::ban_user, sanctions::unban_user))
        .routes(routes!(
            restriction::restrict_user,
            restriction::lift_restriction
        ))
        .routes(routes!(restore::restore_message))
        .routes(routes!(report::report_message))
        .routes(routes!(report::report_user))
        .routes(routes!(resolve::resolve_case))
        .routes(routes!(reopen::reopen_case))
        .routes(routes!(pin::pin_message, pin::unpin_message))
        .routes(routes!(clear::clear_conversation))
        .routes(routes!(feature_switch::switch_feature))
        .routes(routes!(holds::place_hold, holds::lift_hold))
        .routes(routes!(
            word_lists::set_word_list,
            word_lists::remove_word_list
        ))
        .routes(routes!(link_rules::set_link_rules))
        .routes(routes!(flood_rules::set_flood_rules))
        .routes(routes!(hook::remove_hook));
    router = add_desk_routes(router);
    docs::arrange_unions(router.get_openapi_mut());
    router
}

/// The routes of service desks.
fn add_desk_routes(router: OpenApiRouter<CommandState>) -> OpenApiRouter<CommandState> {
    router
        .routes(routes!(desk_settings::set_desk, desk_settings::remove_desk))
        .routes(routes!(open::open_session))
        .routes(routes!(handling::accept_session))
        .routes(routes!(handling::transfer_session))
        .routes(routes!(handling::close_session))
        .routes(routes!(remarks::note_session))
        .routes(routes!(remarks::tag_session))
        .routes(routes!(remarks::rate_session))
}
