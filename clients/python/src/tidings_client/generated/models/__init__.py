"""Contains all the data models used in inputs/outputs"""

from .account import Account
from .account_list import AccountList
from .account_scope import AccountScope
from .ack_request import AckRequest
from .add_members_request import AddMembersRequest
from .added import Added
from .added_webhook import AddedWebhook
from .admin_desks import AdminDesks
from .admin_user import AdminUser
from .admin_user_custom_type_0 import AdminUserCustomType0
from .admin_user_details import AdminUserDetails
from .admin_user_details_custom_type_0 import AdminUserDetailsCustomType0
from .admin_user_page import AdminUserPage
from .asked_state import AskedState
from .audio_body import AudioBody
from .audio_message import AudioMessage
from .audio_message_reactions import AudioMessageReactions
from .audio_message_type import AudioMessageType
from .audit_entry import AuditEntry
from .audit_entry_detail import AuditEntryDetail
from .audit_page import AuditPage
from .audited_conversation import AuditedConversation
from .audited_conversation_policy import AuditedConversationPolicy
from .bans import Bans
from .batch_ack import BatchAck
from .batch_ack_op import BatchAckOp
from .batch_answer import BatchAnswer
from .batch_edit import BatchEdit
from .batch_edit_op import BatchEditOp
from .batch_react import BatchReact
from .batch_react_op import BatchReactOp
from .batch_read import BatchRead
from .batch_read_op import BatchReadOp
from .batch_recall import BatchRecall
from .batch_recall_op import BatchRecallOp
from .batch_send import BatchSend
from .batch_send_op import BatchSendOp
from .batch_unreact import BatchUnreact
from .batch_unreact_op import BatchUnreactOp
from .blocks import Blocks
from .browser_subscription import BrowserSubscription
from .browser_subscription_keys import BrowserSubscriptionKeys
from .busy_conversation import BusyConversation
from .case import Case
from .case_act import CaseAct
from .case_action_schema import CaseActionSchema
from .case_detail import CaseDetail
from .case_kind import CaseKind
from .case_state import CaseState
from .case_target import CaseTarget
from .cases import Cases
from .caught_up_frame import CaughtUpFrame
from .caught_up_frame_type import CaughtUpFrameType
from .change_password_body import ChangePasswordBody
from .change_request import ChangeRequest
from .change_request_custom_type_0 import ChangeRequestCustomType0
from .changed_webhook import ChangedWebhook
from .clear_request import ClearRequest
from .client_ack_frame import ClientAckFrame
from .client_ack_frame_type import ClientAckFrameType
from .client_token_frame import ClientTokenFrame
from .client_token_frame_type import ClientTokenFrameType
from .client_typing_frame import ClientTypingFrame
from .client_typing_frame_type import ClientTypingFrameType
from .client_typing_stopped_frame import ClientTypingStoppedFrame
from .client_typing_stopped_frame_type import ClientTypingStoppedFrameType
from .client_watch_frame import ClientWatchFrame
from .client_watch_frame_type import ClientWatchFrameType
from .close_request import CloseRequest
from .consent import Consent
from .contact import Contact
from .contact_added_entry import ContactAddedEntry
from .contact_added_entry_type import ContactAddedEntryType
from .contact_answer import ContactAnswer
from .contact_data import ContactData
from .contact_removed_entry import ContactRemovedEntry
from .contact_removed_entry_type import ContactRemovedEntryType
from .contact_request import ContactRequest
from .contact_request_data import ContactRequestData
from .contact_requested_entry import ContactRequestedEntry
from .contact_requested_entry_type import ContactRequestedEntryType
from .contact_state import ContactState
from .contacts import Contacts
from .content_action_schema import ContentActionSchema
from .content_change import ContentChange
from .control_message import ControlMessage
from .control_message_reactions import ControlMessageReactions
from .control_message_type import ControlMessageType
from .conversation import Conversation
from .conversation_changed_entry import ConversationChangedEntry
from .conversation_changed_entry_type import ConversationChangedEntryType
from .conversation_cleared_data import ConversationClearedData
from .conversation_cleared_entry import ConversationClearedEntry
from .conversation_cleared_entry_type import ConversationClearedEntryType
from .conversation_created_entry import ConversationCreatedEntry
from .conversation_created_entry_type import ConversationCreatedEntryType
from .conversation_data import ConversationData
from .conversation_kind import ConversationKind
from .conversation_list import ConversationList
from .conversation_member import ConversationMember
from .conversation_members import ConversationMembers
from .conversation_policy_changed_entry import ConversationPolicyChangedEntry
from .conversation_policy_changed_entry_type import ConversationPolicyChangedEntryType
from .conversation_read_entry import ConversationReadEntry
from .conversation_read_entry_type import ConversationReadEntryType
from .conversation_storage import ConversationStorage
from .conversation_storage_list import ConversationStorageList
from .conversation_summary import ConversationSummary
from .create_invite_body import CreateInviteBody
from .create_request import CreateRequest
from .created import Created
from .created_link import CreatedLink
from .custom_body import CustomBody
from .custom_message import CustomMessage
from .custom_message_reactions import CustomMessageReactions
from .custom_message_type import CustomMessageType
from .database_status import DatabaseStatus
from .deleted_file import DeletedFile
from .delivered_entry import DeliveredEntry
from .delivered_entry_type import DeliveredEntryType
from .delivery_audit import DeliveryAudit
from .delivery_receipt_data import DeliveryReceiptData
from .desk import Desk
from .desk_frame import DeskFrame
from .desk_frame_type import DeskFrameType
from .desk_metrics import DeskMetrics
from .desk_metrics_row import DeskMetricsRow
from .desk_request import DeskRequest
from .desk_routing import DeskRouting
from .desk_summary import DeskSummary
from .desks import Desks
from .device import Device
from .device_push import DevicePush
from .device_receipt import DeviceReceipt
from .devices import Devices
from .disk_space import DiskSpace
from .earlier_line import EarlierLine
from .edit_request import EditRequest
from .edited import Edited
from .entries import Entries
from .entry_frame import EntryFrame
from .entry_frame_type import EntryFrameType
from .erasure_answer import ErasureAnswer
from .erasure_progress import ErasureProgress
from .erasure_request import ErasureRequest
from .event import Event
from .event_data import EventData
from .event_delivery import EventDelivery
from .excluded import Excluded
from .explained_period import ExplainedPeriod
from .explanation import Explanation
from .feature_switch import FeatureSwitch
from .field_error import FieldError
from .file import File
from .file_body import FileBody
from .file_message import FileMessage
from .file_message_reactions import FileMessageReactions
from .file_message_type import FileMessageType
from .file_state import FileState
from .file_upload import FileUpload
from .file_upload_headers import FileUploadHeaders
from .files import Files
from .flood_action import FloodAction
from .flood_reach import FloodReach
from .flood_rule import FloodRule
from .flood_rules import FloodRules
from .flood_rules_request import FloodRulesRequest
from .followed_thread import FollowedThread
from .get_desk_metrics_by import GetDeskMetricsBy
from .get_message_reactions import GetMessageReactions
from .get_thread_reactions import GetThreadReactions
from .given_role import GivenRole
from .held import Held
from .held_data import HeldData
from .held_message import HeldMessage
from .held_message_released_entry import HeldMessageReleasedEntry
from .held_message_released_entry_type import HeldMessageReleasedEntryType
from .held_messages import HeldMessages
from .history import History
from .history_page import HistoryPage
from .hit import Hit
from .hold_page import HoldPage
from .hold_request import HoldRequest
from .hook_failure_action import HookFailureAction
from .hook_request import HookRequest
from .image_body import ImageBody
from .image_message import ImageMessage
from .image_message_reactions import ImageMessageReactions
from .image_message_type import ImageMessageType
from .import_answer import ImportAnswer
from .import_line import ImportLine
from .import_reaction import ImportReaction
from .import_status import ImportStatus
from .inbox import Inbox
from .inbox_conversation import InboxConversation
from .invitation import Invitation
from .invitation_data import InvitationData
from .invitation_ended_data import InvitationEndedData
from .invitation_ended_entry import InvitationEndedEntry
from .invitation_ended_entry_type import InvitationEndedEntryType
from .invitations import Invitations
from .invite import Invite
from .invited_entry import InvitedEntry
from .invited_entry_type import InvitedEntryType
from .issue_token_body import IssueTokenBody
from .issued_token import IssuedToken
from .job import Job
from .job_kind import JobKind
from .job_list import JobList
from .job_result_type_0 import JobResultType0
from .job_state import JobState
from .job_subject import JobSubject
from .join_policy import JoinPolicy
from .join_request import JoinRequest
from .join_request_data import JoinRequestData
from .join_request_ended_data import JoinRequestEndedData
from .join_request_ended_entry import JoinRequestEndedEntry
from .join_request_ended_entry_type import JoinRequestEndedEntryType
from .join_requested_entry import JoinRequestedEntry
from .join_requested_entry_type import JoinRequestedEntryType
from .join_requests import JoinRequests
from .join_state import JoinState
from .joined_by_link import JoinedByLink
from .joined_conversation import JoinedConversation
from .joining import Joining
from .last_message import LastMessage
from .legal_hold import LegalHold
from .link import Link
from .link_request import LinkRequest
from .link_rules import LinkRules
from .link_rules_request import LinkRulesRequest
from .link_target import LinkTarget
from .links import Links
from .list_cases_state import ListCasesState
from .list_contacts_state import ListContactsState
from .list_entries_reactions import ListEntriesReactions
from .list_events_by import ListEventsBy
from .list_messages_reactions import ListMessagesReactions
from .list_outbox_reactions import ListOutboxReactions
from .list_own_sessions_state import ListOwnSessionsState
from .list_pins_reactions import ListPinsReactions
from .list_sessions_state import ListSessionsState
from .location_body import LocationBody
from .location_message import LocationMessage
from .location_message_reactions import LocationMessageReactions
from .location_message_type import LocationMessageType
from .member import Member
from .member_added_data import MemberAddedData
from .member_added_entry import MemberAddedEntry
from .member_added_entry_type import MemberAddedEntryType
from .member_banned_entry import MemberBannedEntry
from .member_banned_entry_type import MemberBannedEntryType
from .member_removed_data import MemberRemovedData
from .member_removed_entry import MemberRemovedEntry
from .member_removed_entry_type import MemberRemovedEntryType
from .member_role_changed_entry import MemberRoleChangedEntry
from .member_role_changed_entry_type import MemberRoleChangedEntryType
from .member_role_data import MemberRoleData
from .member_silenced_entry import MemberSilencedEntry
from .member_silenced_entry_type import MemberSilencedEntryType
from .member_unbanned_entry import MemberUnbannedEntry
from .member_unbanned_entry_type import MemberUnbannedEntryType
from .member_unsilenced_entry import MemberUnsilencedEntry
from .member_unsilenced_entry_type import MemberUnsilencedEntryType
from .members import Members
from .message_deliveries import MessageDeliveries
from .message_edited import MessageEdited
from .message_edited_entry import MessageEditedEntry
from .message_edited_entry_type import MessageEditedEntryType
from .message_erased_entry import MessageErasedEntry
from .message_erased_entry_type import MessageErasedEntryType
from .message_file import MessageFile
from .message_held_entry import MessageHeldEntry
from .message_held_entry_type import MessageHeldEntryType
from .message_history import MessageHistory
from .message_hook import MessageHook
from .message_pinned_entry import MessagePinnedEntry
from .message_pinned_entry_type import MessagePinnedEntryType
from .message_recalled_entry import MessageRecalledEntry
from .message_recalled_entry_type import MessageRecalledEntryType
from .message_recipient import MessageRecipient
from .message_refused_entry import MessageRefusedEntry
from .message_refused_entry_type import MessageRefusedEntryType
from .message_removal_data import MessageRemovalData
from .message_restored_entry import MessageRestoredEntry
from .message_restored_entry_type import MessageRestoredEntryType
from .message_scheduled_entry import MessageScheduledEntry
from .message_scheduled_entry_type import MessageScheduledEntryType
from .message_sent_entry import MessageSentEntry
from .message_sent_entry_type import MessageSentEntryType
from .message_trace import MessageTrace
from .message_type import MessageType
from .message_unpinned_entry import MessageUnpinnedEntry
from .message_unpinned_entry_type import MessageUnpinnedEntryType
from .message_version import MessageVersion
from .mirror_progress import MirrorProgress
from .moderation_lag import ModerationLag
from .my_place import MyPlace
from .nats_status import NatsStatus
from .new_conversation_kind import NewConversationKind
from .new_file import NewFile
from .new_flood_rule import NewFloodRule
from .note_request import NoteRequest
from .notification_state import NotificationState
from .open_request import OpenRequest
from .open_request_custom_type_0 import OpenRequestCustomType0
from .opened_session import OpenedSession
from .orphaned_file import OrphanedFile
from .orphaned_file_list import OrphanedFileList
from .outbox import Outbox
from .own_profile import OwnProfile
from .own_profile_custom_type_0 import OwnProfileCustomType0
from .parked_delivery import ParkedDelivery
from .parked_page import ParkedPage
from .pending_invitation import PendingInvitation
from .pending_invitations import PendingInvitations
from .pending_join_request import PendingJoinRequest
from .pin_data import PinData
from .pinned_messages import PinnedMessages
from .place import Place
from .placed_restriction import PlacedRestriction
from .policy import Policy
from .policy_custom_type_0 import PolicyCustomType0
from .policy_data import PolicyData
from .positioned import Positioned
from .post_policy import PostPolicy
from .preferences_changed_entry import PreferencesChangedEntry
from .preferences_changed_entry_type import PreferencesChangedEntryType
from .preferences_data import PreferencesData
from .preferences_request import PreferencesRequest
from .presence_frame import PresenceFrame
from .presence_frame_type import PresenceFrameType
from .presences import Presences
from .problem import Problem
from .problem_frame import ProblemFrame
from .problem_frame_type import ProblemFrameType
from .process_status import ProcessStatus
from .profile_request import ProfileRequest
from .profile_request_custom_type_0 import ProfileRequestCustomType0
from .projection_lag import ProjectionLag
from .push_outcome_report import PushOutcomeReport
from .push_provider import PushProvider
from .push_provider_report import PushProviderReport
from .push_report import PushReport
from .push_request import PushRequest
from .quiet_hours import QuietHours
from .rating_request import RatingRequest
from .reaction_added_entry import ReactionAddedEntry
from .reaction_added_entry_type import ReactionAddedEntryType
from .reaction_data import ReactionData
from .reaction_removed_entry import ReactionRemovedEntry
from .reaction_removed_entry_type import ReactionRemovedEntryType
from .reaction_summary import ReactionSummary
from .reaction_user_page import ReactionUserPage
from .read_receipt_data import ReadReceiptData
from .read_request import ReadRequest
from .read_up_to import ReadUpTo
from .rebuild_origin import RebuildOrigin
from .receipts import Receipts
from .recent_sends import RecentSends
from .refused_frame import RefusedFrame
from .refused_frame_type import RefusedFrameType
from .register_body import RegisterBody
from .removed_webhook import RemovedWebhook
from .rename_place_body import RenamePlaceBody
from .renamed_place import RenamedPlace
from .replay_request import ReplayRequest
from .report_answer import ReportAnswer
from .report_reason_schema import ReportReasonSchema
from .report_request import ReportRequest
from .reserved_file import ReservedFile
from .resolve_request import ResolveRequest
from .restriction_kind_schema import RestrictionKindSchema
from .restriction_request import RestrictionRequest
from .retention_progress import RetentionProgress
from .role import Role
from .sanction import Sanction
from .sanction_data import SanctionData
from .sanction_lifted_data import SanctionLiftedData
from .sanction_request import SanctionRequest
from .scheduled import Scheduled
from .scheduled_change_request import ScheduledChangeRequest
from .scheduled_data import ScheduledData
from .scheduled_message import ScheduledMessage
from .scheduled_message_cancelled_entry import ScheduledMessageCancelledEntry
from .scheduled_message_cancelled_entry_type import ScheduledMessageCancelledEntryType
from .scheduled_message_changed_entry import ScheduledMessageChangedEntry
from .scheduled_message_changed_entry_type import ScheduledMessageChangedEntryType
from .scheduled_message_failed_entry import ScheduledMessageFailedEntry
from .scheduled_message_failed_entry_type import ScheduledMessageFailedEntryType
from .scheduled_message_sent_entry import ScheduledMessageSentEntry
from .scheduled_message_sent_entry_type import ScheduledMessageSentEntryType
from .scheduled_messages import ScheduledMessages
from .seal import Seal
from .seal_list import SealList
from .seal_status import SealStatus
from .search_index_progress import SearchIndexProgress
from .search_page import SearchPage
from .search_sort import SearchSort
from .send_audio_request import SendAudioRequest
from .send_audio_request_type import SendAudioRequestType
from .send_control_request import SendControlRequest
from .send_control_request_type import SendControlRequestType
from .send_custom_request import SendCustomRequest
from .send_custom_request_type import SendCustomRequestType
from .send_file_request import SendFileRequest
from .send_file_request_type import SendFileRequestType
from .send_image_request import SendImageRequest
from .send_image_request_type import SendImageRequestType
from .send_location_request import SendLocationRequest
from .send_location_request_type import SendLocationRequestType
from .send_text_request import SendTextRequest
from .send_text_request_type import SendTextRequestType
from .send_video_request import SendVideoRequest
from .send_video_request_type import SendVideoRequestType
from .sent import Sent
from .service_session import ServiceSession
from .service_session_custom_type_0 import ServiceSessionCustomType0
from .service_session_detail import ServiceSessionDetail
from .service_session_detail_custom_type_0 import ServiceSessionDetailCustomType0
from .service_sessions import ServiceSessions
from .session_accepted_entry import SessionAcceptedEntry
from .session_accepted_entry_type import SessionAcceptedEntryType
from .session_closed_entry import SessionClosedEntry
from .session_closed_entry_type import SessionClosedEntryType
from .session_data import SessionData
from .session_note import SessionNote
from .session_opened_entry import SessionOpenedEntry
from .session_opened_entry_type import SessionOpenedEntryType
from .session_reminded_entry import SessionRemindedEntry
from .session_reminded_entry_type import SessionRemindedEntryType
from .session_reminder_data import SessionReminderData
from .session_state import SessionState
from .session_status import SessionStatus
from .session_status_by_name import SessionStatusByName
from .session_status_by_state import SessionStatusByState
from .session_transferred_entry import SessionTransferredEntry
from .session_transferred_entry_type import SessionTransferredEntryType
from .set_account_scope_body import SetAccountScopeBody
from .set_hook import SetHook
from .set_up_place_body import SetUpPlaceBody
from .settings_request import SettingsRequest
from .sign_in_body import SignInBody
from .signed_in import SignedIn
from .silences import Silences
from .slow_statement import SlowStatement
from .start_job_body import StartJobBody
from .status import Status
from .status_error import StatusError
from .storage import Storage
from .storage_sizes import StorageSizes
from .switch_list import SwitchList
from .switch_request import SwitchRequest
from .system_status import SystemStatus
from .tags_request import TagsRequest
from .text_body import TextBody
from .text_message import TextMessage
from .text_message_reactions import TextMessageReactions
from .text_message_type import TextMessageType
from .text_place_schema import TextPlaceSchema
from .thread import Thread
from .thread_data import ThreadData
from .thread_followed_entry import ThreadFollowedEntry
from .thread_followed_entry_type import ThreadFollowedEntryType
from .thread_read_data import ThreadReadData
from .thread_read_entry import ThreadReadEntry
from .thread_read_entry_type import ThreadReadEntryType
from .thread_read_request import ThreadReadRequest
from .thread_read_up_to import ThreadReadUpTo
from .thread_replies import ThreadReplies
from .thread_unfollowed_entry import ThreadUnfollowedEntry
from .thread_unfollowed_entry_type import ThreadUnfollowedEntryType
from .threads import Threads
from .token_renewed_frame import TokenRenewedFrame
from .token_renewed_frame_type import TokenRenewedFrameType
from .trace_stage import TraceStage
from .traced_change import TracedChange
from .transfer_request import TransferRequest
from .typing_frame import TypingFrame
from .typing_frame_type import TypingFrameType
from .typing_stopped_frame import TypingStoppedFrame
from .typing_stopped_frame_type import TypingStoppedFrameType
from .unfinished_session_state import UnfinishedSessionState
from .unread_counts import UnreadCounts
from .unread_counts_conversations import UnreadCountsConversations
from .unread_row import UnreadRow
from .uploaded_file import UploadedFile
from .user_conversation import UserConversation
from .user_counts import UserCounts
from .user_device import UserDevice
from .user_kind import UserKind
from .user_presence import UserPresence
from .user_profile import UserProfile
from .user_profile_custom_type_0 import UserProfileCustomType0
from .user_request import UserRequest
from .user_request_custom_type_0 import UserRequestCustomType0
from .user_restriction import UserRestriction
from .user_settings import UserSettings
from .user_storage import UserStorage
from .user_storage_list import UserStorageList
from .users import Users
from .video_body import VideoBody
from .video_message import VideoMessage
from .video_message_reactions import VideoMessageReactions
from .video_message_type import VideoMessageType
from .visibility_check import VisibilityCheck
from .visibility_explanation import VisibilityExplanation
from .visibility_reason import VisibilityReason
from .waiting_message import WaitingMessage
from .web_push_key import WebPushKey
from .webhook import Webhook
from .webhook_page import WebhookPage
from .webhook_patch import WebhookPatch
from .webhook_request import WebhookRequest
from .webhook_status import WebhookStatus
from .why_not_unread import WhyNotUnread
from .word_list import WordList
from .word_list_page import WordListPage
from .word_list_request import WordListRequest
from .word_list_summary import WordListSummary
from .word_matching_schema import WordMatchingSchema
from .write_ahead_log import WriteAheadLog

__all__ = (
    "Account",
    "AccountList",
    "AccountScope",
    "AckRequest",
    "Added",
    "AddedWebhook",
    "AddMembersRequest",
    "AdminDesks",
    "AdminUser",
    "AdminUserCustomType0",
    "AdminUserDetails",
    "AdminUserDetailsCustomType0",
    "AdminUserPage",
    "AskedState",
    "AudioBody",
    "AudioMessage",
    "AudioMessageReactions",
    "AudioMessageType",
    "AuditedConversation",
    "AuditedConversationPolicy",
    "AuditEntry",
    "AuditEntryDetail",
    "AuditPage",
    "Bans",
    "BatchAck",
    "BatchAckOp",
    "BatchAnswer",
    "BatchEdit",
    "BatchEditOp",
    "BatchReact",
    "BatchReactOp",
    "BatchRead",
    "BatchReadOp",
    "BatchRecall",
    "BatchRecallOp",
    "BatchSend",
    "BatchSendOp",
    "BatchUnreact",
    "BatchUnreactOp",
    "Blocks",
    "BrowserSubscription",
    "BrowserSubscriptionKeys",
    "BusyConversation",
    "Case",
    "CaseAct",
    "CaseActionSchema",
    "CaseDetail",
    "CaseKind",
    "Cases",
    "CaseState",
    "CaseTarget",
    "CaughtUpFrame",
    "CaughtUpFrameType",
    "ChangedWebhook",
    "ChangePasswordBody",
    "ChangeRequest",
    "ChangeRequestCustomType0",
    "ClearRequest",
    "ClientAckFrame",
    "ClientAckFrameType",
    "ClientTokenFrame",
    "ClientTokenFrameType",
    "ClientTypingFrame",
    "ClientTypingFrameType",
    "ClientTypingStoppedFrame",
    "ClientTypingStoppedFrameType",
    "ClientWatchFrame",
    "ClientWatchFrameType",
    "CloseRequest",
    "Consent",
    "Contact",
    "ContactAddedEntry",
    "ContactAddedEntryType",
    "ContactAnswer",
    "ContactData",
    "ContactRemovedEntry",
    "ContactRemovedEntryType",
    "ContactRequest",
    "ContactRequestData",
    "ContactRequestedEntry",
    "ContactRequestedEntryType",
    "Contacts",
    "ContactState",
    "ContentActionSchema",
    "ContentChange",
    "ControlMessage",
    "ControlMessageReactions",
    "ControlMessageType",
    "Conversation",
    "ConversationChangedEntry",
    "ConversationChangedEntryType",
    "ConversationClearedData",
    "ConversationClearedEntry",
    "ConversationClearedEntryType",
    "ConversationCreatedEntry",
    "ConversationCreatedEntryType",
    "ConversationData",
    "ConversationKind",
    "ConversationList",
    "ConversationMember",
    "ConversationMembers",
    "ConversationPolicyChangedEntry",
    "ConversationPolicyChangedEntryType",
    "ConversationReadEntry",
    "ConversationReadEntryType",
    "ConversationStorage",
    "ConversationStorageList",
    "ConversationSummary",
    "Created",
    "CreatedLink",
    "CreateInviteBody",
    "CreateRequest",
    "CustomBody",
    "CustomMessage",
    "CustomMessageReactions",
    "CustomMessageType",
    "DatabaseStatus",
    "DeletedFile",
    "DeliveredEntry",
    "DeliveredEntryType",
    "DeliveryAudit",
    "DeliveryReceiptData",
    "Desk",
    "DeskFrame",
    "DeskFrameType",
    "DeskMetrics",
    "DeskMetricsRow",
    "DeskRequest",
    "DeskRouting",
    "Desks",
    "DeskSummary",
    "Device",
    "DevicePush",
    "DeviceReceipt",
    "Devices",
    "DiskSpace",
    "EarlierLine",
    "Edited",
    "EditRequest",
    "Entries",
    "EntryFrame",
    "EntryFrameType",
    "ErasureAnswer",
    "ErasureProgress",
    "ErasureRequest",
    "Event",
    "EventData",
    "EventDelivery",
    "Excluded",
    "ExplainedPeriod",
    "Explanation",
    "FeatureSwitch",
    "FieldError",
    "File",
    "FileBody",
    "FileMessage",
    "FileMessageReactions",
    "FileMessageType",
    "Files",
    "FileState",
    "FileUpload",
    "FileUploadHeaders",
    "FloodAction",
    "FloodReach",
    "FloodRule",
    "FloodRules",
    "FloodRulesRequest",
    "FollowedThread",
    "GetDeskMetricsBy",
    "GetMessageReactions",
    "GetThreadReactions",
    "GivenRole",
    "Held",
    "HeldData",
    "HeldMessage",
    "HeldMessageReleasedEntry",
    "HeldMessageReleasedEntryType",
    "HeldMessages",
    "History",
    "HistoryPage",
    "Hit",
    "HoldPage",
    "HoldRequest",
    "HookFailureAction",
    "HookRequest",
    "ImageBody",
    "ImageMessage",
    "ImageMessageReactions",
    "ImageMessageType",
    "ImportAnswer",
    "ImportLine",
    "ImportReaction",
    "ImportStatus",
    "Inbox",
    "InboxConversation",
    "Invitation",
    "InvitationData",
    "InvitationEndedData",
    "InvitationEndedEntry",
    "InvitationEndedEntryType",
    "Invitations",
    "Invite",
    "InvitedEntry",
    "InvitedEntryType",
    "IssuedToken",
    "IssueTokenBody",
    "Job",
    "JobKind",
    "JobList",
    "JobResultType0",
    "JobState",
    "JobSubject",
    "JoinedByLink",
    "JoinedConversation",
    "Joining",
    "JoinPolicy",
    "JoinRequest",
    "JoinRequestData",
    "JoinRequestedEntry",
    "JoinRequestedEntryType",
    "JoinRequestEndedData",
    "JoinRequestEndedEntry",
    "JoinRequestEndedEntryType",
    "JoinRequests",
    "JoinState",
    "LastMessage",
    "LegalHold",
    "Link",
    "LinkRequest",
    "LinkRules",
    "LinkRulesRequest",
    "Links",
    "LinkTarget",
    "ListCasesState",
    "ListContactsState",
    "ListEntriesReactions",
    "ListEventsBy",
    "ListMessagesReactions",
    "ListOutboxReactions",
    "ListOwnSessionsState",
    "ListPinsReactions",
    "ListSessionsState",
    "LocationBody",
    "LocationMessage",
    "LocationMessageReactions",
    "LocationMessageType",
    "Member",
    "MemberAddedData",
    "MemberAddedEntry",
    "MemberAddedEntryType",
    "MemberBannedEntry",
    "MemberBannedEntryType",
    "MemberRemovedData",
    "MemberRemovedEntry",
    "MemberRemovedEntryType",
    "MemberRoleChangedEntry",
    "MemberRoleChangedEntryType",
    "MemberRoleData",
    "Members",
    "MemberSilencedEntry",
    "MemberSilencedEntryType",
    "MemberUnbannedEntry",
    "MemberUnbannedEntryType",
    "MemberUnsilencedEntry",
    "MemberUnsilencedEntryType",
    "MessageDeliveries",
    "MessageEdited",
    "MessageEditedEntry",
    "MessageEditedEntryType",
    "MessageErasedEntry",
    "MessageErasedEntryType",
    "MessageFile",
    "MessageHeldEntry",
    "MessageHeldEntryType",
    "MessageHistory",
    "MessageHook",
    "MessagePinnedEntry",
    "MessagePinnedEntryType",
    "MessageRecalledEntry",
    "MessageRecalledEntryType",
    "MessageRecipient",
    "MessageRefusedEntry",
    "MessageRefusedEntryType",
    "MessageRemovalData",
    "MessageRestoredEntry",
    "MessageRestoredEntryType",
    "MessageScheduledEntry",
    "MessageScheduledEntryType",
    "MessageSentEntry",
    "MessageSentEntryType",
    "MessageTrace",
    "MessageType",
    "MessageUnpinnedEntry",
    "MessageUnpinnedEntryType",
    "MessageVersion",
    "MirrorProgress",
    "ModerationLag",
    "MyPlace",
    "NatsStatus",
    "NewConversationKind",
    "NewFile",
    "NewFloodRule",
    "NoteRequest",
    "NotificationState",
    "OpenedSession",
    "OpenRequest",
    "OpenRequestCustomType0",
    "OrphanedFile",
    "OrphanedFileList",
    "Outbox",
    "OwnProfile",
    "OwnProfileCustomType0",
    "ParkedDelivery",
    "ParkedPage",
    "PendingInvitation",
    "PendingInvitations",
    "PendingJoinRequest",
    "PinData",
    "PinnedMessages",
    "Place",
    "PlacedRestriction",
    "Policy",
    "PolicyCustomType0",
    "PolicyData",
    "Positioned",
    "PostPolicy",
    "PreferencesChangedEntry",
    "PreferencesChangedEntryType",
    "PreferencesData",
    "PreferencesRequest",
    "PresenceFrame",
    "PresenceFrameType",
    "Presences",
    "Problem",
    "ProblemFrame",
    "ProblemFrameType",
    "ProcessStatus",
    "ProfileRequest",
    "ProfileRequestCustomType0",
    "ProjectionLag",
    "PushOutcomeReport",
    "PushProvider",
    "PushProviderReport",
    "PushReport",
    "PushRequest",
    "QuietHours",
    "RatingRequest",
    "ReactionAddedEntry",
    "ReactionAddedEntryType",
    "ReactionData",
    "ReactionRemovedEntry",
    "ReactionRemovedEntryType",
    "ReactionSummary",
    "ReactionUserPage",
    "ReadReceiptData",
    "ReadRequest",
    "ReadUpTo",
    "RebuildOrigin",
    "Receipts",
    "RecentSends",
    "RefusedFrame",
    "RefusedFrameType",
    "RegisterBody",
    "RemovedWebhook",
    "RenamedPlace",
    "RenamePlaceBody",
    "ReplayRequest",
    "ReportAnswer",
    "ReportReasonSchema",
    "ReportRequest",
    "ReservedFile",
    "ResolveRequest",
    "RestrictionKindSchema",
    "RestrictionRequest",
    "RetentionProgress",
    "Role",
    "Sanction",
    "SanctionData",
    "SanctionLiftedData",
    "SanctionRequest",
    "Scheduled",
    "ScheduledChangeRequest",
    "ScheduledData",
    "ScheduledMessage",
    "ScheduledMessageCancelledEntry",
    "ScheduledMessageCancelledEntryType",
    "ScheduledMessageChangedEntry",
    "ScheduledMessageChangedEntryType",
    "ScheduledMessageFailedEntry",
    "ScheduledMessageFailedEntryType",
    "ScheduledMessages",
    "ScheduledMessageSentEntry",
    "ScheduledMessageSentEntryType",
    "Seal",
    "SealList",
    "SealStatus",
    "SearchIndexProgress",
    "SearchPage",
    "SearchSort",
    "SendAudioRequest",
    "SendAudioRequestType",
    "SendControlRequest",
    "SendControlRequestType",
    "SendCustomRequest",
    "SendCustomRequestType",
    "SendFileRequest",
    "SendFileRequestType",
    "SendImageRequest",
    "SendImageRequestType",
    "SendLocationRequest",
    "SendLocationRequestType",
    "SendTextRequest",
    "SendTextRequestType",
    "SendVideoRequest",
    "SendVideoRequestType",
    "Sent",
    "ServiceSession",
    "ServiceSessionCustomType0",
    "ServiceSessionDetail",
    "ServiceSessionDetailCustomType0",
    "ServiceSessions",
    "SessionAcceptedEntry",
    "SessionAcceptedEntryType",
    "SessionClosedEntry",
    "SessionClosedEntryType",
    "SessionData",
    "SessionNote",
    "SessionOpenedEntry",
    "SessionOpenedEntryType",
    "SessionRemindedEntry",
    "SessionRemindedEntryType",
    "SessionReminderData",
    "SessionState",
    "SessionStatus",
    "SessionStatusByName",
    "SessionStatusByState",
    "SessionTransferredEntry",
    "SessionTransferredEntryType",
    "SetAccountScopeBody",
    "SetHook",
    "SettingsRequest",
    "SetUpPlaceBody",
    "SignedIn",
    "SignInBody",
    "Silences",
    "SlowStatement",
    "StartJobBody",
    "Status",
    "StatusError",
    "Storage",
    "StorageSizes",
    "SwitchList",
    "SwitchRequest",
    "SystemStatus",
    "TagsRequest",
    "TextBody",
    "TextMessage",
    "TextMessageReactions",
    "TextMessageType",
    "TextPlaceSchema",
    "Thread",
    "ThreadData",
    "ThreadFollowedEntry",
    "ThreadFollowedEntryType",
    "ThreadReadData",
    "ThreadReadEntry",
    "ThreadReadEntryType",
    "ThreadReadRequest",
    "ThreadReadUpTo",
    "ThreadReplies",
    "Threads",
    "ThreadUnfollowedEntry",
    "ThreadUnfollowedEntryType",
    "TokenRenewedFrame",
    "TokenRenewedFrameType",
    "TracedChange",
    "TraceStage",
    "TransferRequest",
    "TypingFrame",
    "TypingFrameType",
    "TypingStoppedFrame",
    "TypingStoppedFrameType",
    "UnfinishedSessionState",
    "UnreadCounts",
    "UnreadCountsConversations",
    "UnreadRow",
    "UploadedFile",
    "UserConversation",
    "UserCounts",
    "UserDevice",
    "UserKind",
    "UserPresence",
    "UserProfile",
    "UserProfileCustomType0",
    "UserRequest",
    "UserRequestCustomType0",
    "UserRestriction",
    "Users",
    "UserSettings",
    "UserStorage",
    "UserStorageList",
    "VideoBody",
    "VideoMessage",
    "VideoMessageReactions",
    "VideoMessageType",
    "VisibilityCheck",
    "VisibilityExplanation",
    "VisibilityReason",
    "WaitingMessage",
    "Webhook",
    "WebhookPage",
    "WebhookPatch",
    "WebhookRequest",
    "WebhookStatus",
    "WebPushKey",
    "WhyNotUnread",
    "WordList",
    "WordListPage",
    "WordListRequest",
    "WordListSummary",
    "WordMatchingSchema",
    "WriteAheadLog",
)
