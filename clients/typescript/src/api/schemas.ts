// Short names of the generated types that the sync core and apps use most.
import type { components } from "../generated/api.ts";

type Schemas = components["schemas"];

export type Message = Schemas["Message"];
export type MessageBody = Schemas["MessageBody"];
export type MessageType = Schemas["MessageType"];
export type InboxConversation = Schemas["InboxConversation"];
export type LastMessage = Schemas["LastMessage"];
export type ConversationDetails = Schemas["Conversation"];
export type ConversationKind = Schemas["ConversationKind"];
export type NewConversationKind = Schemas["NewConversationKind"];
export type Policy = Schemas["Policy"];
export type Role = Schemas["Role"];
export type Member = Schemas["Member"];
export type UserProfile = Schemas["UserProfile"];
export type OwnProfile = Schemas["OwnProfile"];
export type Contact = Schemas["Contact"];
export type Invitation = Schemas["Invitation"];
export type HeldMessage = Schemas["HeldMessage"];
export type ScheduledMessage = Schemas["ScheduledMessage"];
export type FollowedThread = Schemas["FollowedThread"];
export type Desk = Schemas["DeskSummary"];
export type ServiceSession = Schemas["ServiceSession"];
export type ServiceSessionDetail = Schemas["ServiceSessionDetail"];
export type SessionState = Schemas["SessionState"];
export type OpenedSession = Schemas["OpenedSession"];
export type ThreadReplies = Schemas["ThreadReplies"];
export type Receipts = Schemas["Receipts"];
export type Hit = Schemas["Hit"];
export type SearchPage = Schemas["SearchPage"];
export type Entry = Schemas["Entry"];
export type EntryType = Entry["type"];
export type ServerFrame = Schemas["ServerFrame"];
export type ClientFrame = Schemas["ClientFrame"];
export type ProblemDetails = Schemas["Problem"];
export type PreferencesRequest = Schemas["PreferencesRequest"];
export type ChangeRequest = Schemas["ChangeRequest"];
export type CreateRequest = Schemas["CreateRequest"];
export type Created = Schemas["Created"];
export type GivenRole = Schemas["GivenRole"];
export type ProfileRequest = Schemas["ProfileRequest"];
export type SettingsRequest = Schemas["SettingsRequest"];
export type UploadedFile = Schemas["UploadedFile"];
export type FileDetails = Schemas["File"];
export type BrowserSubscription = Schemas["BrowserSubscription"];
/** How to push to a device; `preview` is true unless it says otherwise. */
export type PushRegistration = Omit<Schemas["PushRequest"], "preview"> & { preview?: boolean };
