/**
 * The extensions that every gateway has, in the order in which their hooks run, and in which their actions are looked for
 * in a stanza (PROTOCOL.md §11): a retraction comes before an edit, an edit before a reaction.
 */
import type { Extension } from '../extension.ts';
import chats from './chats.ts';
import profile from './profile/index.ts';
import iq from './rfc6120-iq.ts';
import stanza from './rfc6120-stanza.ts';
import message from './rfc6121-message.ts';
import presence from './rfc6121-presence.ts';
import roster from './rfc6121-roster.ts';
import webPush from './rfc8030-push.ts';
import settings from './settings.ts';
import forms from './xep0004-forms.ts';
import lastActivity from './xep0012-last-activity.ts';
import disco from './xep0030-disco.ts';
import rooms from './xep0045-muc/index.ts';
import commands from './xep0050-commands.ts';
import vcard from './xep0054-vcard.ts';
import pubsub from './xep0060-pubsub/index.ts';
import oob from './xep0066-oob.ts';
import xhtmlIm from './xep0071-xhtml-im.ts';
import avatar from './xep0084-avatar.ts';
import chatStates from './xep0085-chat-states.ts';
import version from './xep0092-version.ts';
import caps from './xep0115-caps.ts';
import vcardAvatar from './xep0153-vcard-avatar.ts';
import pep from './xep0163-pep.ts';
import nick from './xep0172-nick.ts';
import receipts from './xep0184-receipts.ts';
import blocking from './xep0191-blocking.ts';
import ping from './xep0199-ping.ts';
import time from './xep0202-time.ts';
import delay from './xep0203-delay.ts';
import attention from './xep0224-attention.ts';
import directInvitations from './xep0249-direct-invitations.ts';
import vcard4 from './xep0292-vcard4.ts';
import forwarding from './xep0297-forwarding.ts';
import correction from './xep0308-correction.ts';
import history from './xep0313-history.ts';
import idle from './xep0319-idle.ts';
import markers from './xep0333-markers.ts';
import hints from './xep0334-hints.ts';
import json from './xep0335-json.ts';
import stanzaIds from './xep0359-stanza-ids.ts';
import upload from './xep0363-upload/index.ts';
import attaching from './xep0367-attaching.ts';
import references from './xep0372-references.ts';
import reports from './xep0377-reports.ts';
import encryption from './xep0380-encryption.ts';
import spoiler from './xep0382-spoiler.ts';
import styling from './xep0393-styling.ts';
import selfPing from './xep0410-self-ping.ts';
import occupantId from './xep0421-occupant-id.ts';
import retraction from './xep0424-retraction.ts';
import moderation from './xep0425-moderation.ts';
import fallback from './xep0428-fallback.ts';
import jsonMessages from './xep0432-json-messages.ts';
import channelSearch from './xep0433-channel-search.ts';
import reactions from './xep0444-reactions.ts';
import fileMetadata from './xep0446-file-metadata.ts';
import fileSharing from './xep0447-file-sharing.ts';
import encryptedFiles from './xep0448-encrypted-files.ts';
import replies from './xep0461-replies.ts';

export const builtIn: readonly Extension[] = [
  attaching,
  rooms,
  directInvitations,
  selfPing,
  message,
  presence,
  roster,
  nick,
  idle,
  caps,
  vcardAvatar,
  avatar,
  vcard,
  vcard4,
  pep,
  profile,
  iq,
  stanza,
  // Each of these adds to the body that those before it have written.
  replies,
  references,
  fileSharing,
  fileMetadata,
  encryptedFiles,
  oob,
  fallback,
  xhtmlIm,
  spoiler,
  styling,
  attention,
  encryption,
  json,
  jsonMessages,
  forwarding,
  forms,
  disco,
  channelSearch,
  chatStates,
  version,
  ping,
  lastActivity,
  time,
  delay,
  stanzaIds,
  occupantId,
  history,
  chats,
  hints,
  moderation,
  retraction,
  correction,
  reactions,
  receipts,
  markers,
  upload,
  settings,
  blocking,
  reports,
  commands,
  pubsub,
  webPush,
];
