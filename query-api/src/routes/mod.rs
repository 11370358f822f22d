//! All routes of this crate, with their OpenAPI documentation. The one layer adds the
//! cursor header; the binary merges all services and applies the edge middleware once.

use axum::middleware::map_response_with_state;
use http_edge::schema;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::consistency::min_position;
use crate::docs;
use crate::start::QueryState;

mod access_list;
mod admin_user;
mod admin_users;
mod audit;
mod blocks;
mod cases;
mod contacts;
mod conversation;
mod conversation_members;
mod conversation_query;
mod deployment;
mod desks;
mod devices;
mod entries;
mod events;
mod explain;
mod explain_visibility;
mod file_content;
mod file_preview;
mod files;
mod held;
mod inbox;
mod invitations;
mod join_requests;
mod links;
mod live;
mod members;
mod message;
mod messages;
mod pending_invitations;
mod pins;
pub(crate) mod policy;
mod presence;
mod reactions;
mod receipts;
mod sanctions;
mod scheduled;
mod search;
mod sent_messages;
mod thread;
mod threads;
mod unread;
mod users;
mod waiting_message;
pub(crate) mod webpush_key;

/// The router with every query endpoint.
pub fn router(state: QueryState) -> OpenApiRouter {
    documented_routes()
        .layer(map_response_with_state(
            state.history(),
            min_position::add_cursor,
        ))
        .with_state(state)
}

/// The OpenAPI document of these routes.
pub fn document() -> OpenApi {
    documented_routes().into_openapi()
}

fn documented_routes() -> OpenApiRouter<QueryState> {
    let mut router = OpenApiRouter::with_openapi(schema::base_document())
        .routes(routes!(inbox::get_inbox))
        .routes(routes!(unread::get_unread_counts))
        .routes(routes!(explain::explain_unread))
        .routes(routes!(entries::list_entries))
        .routes(routes!(conversation::get_conversation))
        .routes(routes!(members::list_members))
        .routes(routes!(messages::list_messages))
        .routes(routes!(message::get_message))
        .routes(routes!(message::get_message_history))
        .routes(routes!(thread::get_thread))
        .routes(routes!(threads::list_threads))
        .routes(routes!(scheduled::list_scheduled))
        .routes(routes!(held::list_held))
        .routes(routes!(files::list_files))
        .routes(routes!(files::get_file))
        .routes(routes!(file_content::get_file_content))
        .routes(routes!(receipts::get_receipts))
        .routes(routes!(reactions::list_reaction_users))
        .routes(routes!(pins::list_pins))
        .routes(routes!(sent_messages::list_sent_messages))
        .routes(routes!(blocks::list_blocks))
        .routes(routes!(presence::get_presence))
        .routes(routes!(devices::list_devices))
        .routes(routes!(webpush_key::get_webpush_key))
        .routes(routes!(contacts::list_contacts))
        .routes(routes!(invitations::list_invitations))
        .routes(routes!(users::get_own_profile))
        .routes(routes!(users::get_user))
        .routes(routes!(users::list_users))
        .routes(routes!(live::connect_live))
        .routes(routes!(search::search_messages))
        .routes(routes!(events::list_events))
        .routes(routes!(explain_visibility::explain_message_visibility))
        .routes(routes!(join_requests::list_join_requests))
        .routes(routes!(pending_invitations::list_pending_invitations))
        .routes(routes!(links::list_links))
        .routes(routes!(links::get_link))
        .routes(routes!(sanctions::list_silences))
        .routes(routes!(sanctions::get_silence))
        .routes(routes!(sanctions::list_bans))
        .routes(routes!(sanctions::get_ban))
        .routes(routes!(deployment::switches::list_switches))
        .routes(routes!(deployment::holds::list_holds))
        .routes(routes!(deployment::word_lists::list_word_lists))
        .routes(routes!(deployment::word_lists::get_word_list))
        .routes(routes!(deployment::link_rules::get_link_rules))
        .routes(routes!(deployment::flood_rules::get_flood_rules))
        .routes(routes!(audit::list_audit))
        .routes(routes!(admin_users::list_admin_users))
        .routes(routes!(admin_user::get_admin_user))
        .routes(routes!(conversation_members::list_conversation_members))
        .routes(routes!(cases::list::list_cases))
        .routes(routes!(cases::detail::get_case))
        .routes(routes!(deployment::hook::get_hook))
        .routes(routes!(desks::list::list_desks))
        .routes(routes!(desks::list::list_admin_desks))
        .routes(routes!(desks::own_sessions::list_own_sessions))
        .routes(routes!(desks::desk::get_desk))
        .routes(routes!(desks::sessions::list_sessions))
        .routes(routes!(desks::session::get_session))
        .routes(routes!(desks::metrics::get_desk_metrics));
    docs::arrange_unions(router.get_openapi_mut());
    router
}
