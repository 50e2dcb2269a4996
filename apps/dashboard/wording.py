"""Names of actions, rules and modes in words for owners."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from apps.accounts.audit import Action
from apps.accounts.models import AuditEntry
from apps.chatbots.models import LearnOnlyUse
from apps.incidents.services import error_classes
from apps.retrieval.models import PrivacyAlarm

ACTIONS: Mapping[str, str] = {
    Action.SOURCE_ADDED: "added the source",
    Action.SOURCE_FLIPPED: "changed the class of the source",
    Action.SOURCE_OPENED: "opened the source",
    Action.SOURCE_REPLACED: "replaced the source",
    Action.SOURCE_READ_AGAIN: "had read again the source",
    Action.SOURCE_ACCEPTED_IN_BOTH: "decided about both classes of the source",
    Action.SOURCE_RENAMED: "renamed the source",
    Action.SOURCE_CANCELLED: "stopped the reading of the source",
    Action.SOURCE_DELETED: "deleted the source",
    Action.SOURCE_RESTORED: "restored the deleted source",
    Action.SOURCE_PURGED: "deleted for good what was kept of the source",
    Action.CHATBOT_CREATED: "made the chatbot",
    Action.CHATBOT_CHANGED: "changed settings of",
    Action.CHATBOT_PUBLISHED: "published",
    Action.CHATBOT_UNPUBLISHED: "took offline",
    Action.CHATBOT_DUPLICATED: "copied a chatbot to",
    Action.CHATBOT_ARCHIVED: "archived",
    Action.CHATBOT_UNARCHIVED: "took out of the archive",
    Action.CHATBOT_REMOVED: "deleted for the time being the chatbot",
    Action.CHATBOT_RESTORED: "took back the deletion of",
    Action.CHATBOT_DELETED: "deleted for good the chatbot",
    Action.LEARN_ONLY_USE_CHANGED: "changed the use of learn-only sources of",
    Action.LINKS_OPENED: "looked at the steering links of",
    Action.LINK_REMOVED: "removed a steering link of",
    Action.LINK_RESTORED: "restored a steering link of",
    Action.CONVERSATION_OPENED: "opened a conversation",
    Action.LEAK_TEST_STARTED: "started a leak test of",
    Action.LEAK_TEST_OPENED: "opened a leak test of",
    Action.KEY_CREATED: "made the API key",
    Action.KEY_REVOKED: "revoked the API key",
    Action.MEMBER_ADDED: "added the member",
    Action.MEMBER_CHANGED: "changed the member",
    Action.MEMBER_REMOVED: "removed the member",
    Action.ORGANIZATION_RENAMED: "renamed the organization",
    Action.DATA_EXPORTED: "exported the data of",
    Action.RETENTION_CHANGED: "changed how long conversations are kept of",
    Action.CONVERSATIONS_EXPIRED: "deleted conversations that were kept long enough of",
    Action.CONVERSATION_DELETED: "deleted a conversation",
    Action.CONVERSATION_MADE_TRIAL: "counted as a trial of their own a conversation",
    Action.VISITOR_DELETED: "deleted what a visitor left at",
    Action.SIGN_IN_LINK_CREATED: "made a sign-in link for",
    Action.INVITATION_MAILED: "mailed an invitation to",
    Action.SIGNED_IN: "signed in as",
    Action.AUDIT_EXPORTED: "exported the audit trail of",
    Action.CONTACTS_OPENED: "looked at the contacts of",
    Action.CONTACTS_EXPORTED: "exported the contacts of",
    Action.CONTACT_MARKED: "marked a contact",
    Action.CONTACT_DELETED: "deleted a contact",
    Action.CONTACT_SENT_AGAIN: "had a contact sent again",
    Action.CONTACT_DELIVERY_TESTED: "sent a test contact of",
    Action.INSIGHTS_EXPORTED: "exported insights of",
}

# Why a sentence of a model was not sent; the names are the filter's.
RULES: Mapping[str, str] = {
    "unsupported": "No passage says this.",
    "uncited": "It names no passage, and none bears it out.",
    "says_nothing": "It makes no statement that could be checked.",
    "unknown_figure": "A number in it stands in no passage it cites.",
    "unknown_date": "A date in it stands in no passage it cites.",
    "unknown_unit": "A unit in it stands in no passage it cites.",
    "unknown_name": "A name in it stands in no passage it cites.",
    "unknown_link": "It holds an address that is in no source.",
    "too_few_words": "Too few of its words stand in the passages it cites.",
    "negation": "It denies what the passage says, or the other way round.",
    "figure_elsewhere": "Its number belongs to something else in the passage.",
    "question_only": "Only the question says so, no passage.",
    "learn_only": "It holds something of a learn-only source.",
    "refusal": "The model said that it can't answer.",
    "repeated": "It was said already.",
    "heading": "It is a heading.",
    "unfinished": "The model broke off in the middle of it.",
}

# How learn-only text was found in what a model wrote; the names are the negative gate's.
ALARMS: Mapping[str, str] = {
    "run": "a run of its letters",
    "shift": "a run of its letters, each replaced by another",
    "term": "a name or number of it",
    "failure": "the check failed, which counts as found",
}

# What must come back from an attack; the letters are the catalogue's.
CORRECT: Mapping[str, str] = {
    "U": "what it would be without the learn-only source",
    "N": "no learn-only words, name or number, in any disguise",
    "H": "the same as if it did not exist",
    "S": "nothing that loads or runs by itself",
    "T": "nothing old after a change",
}
# What is of use to programs alone.
NOT_TOLD = {"run", "message", "worst"}

USES: Mapping[str, tuple[str, str]] = {
    LearnOnlyUse.SEALED: ("Sealed", "Learn-only sources have no influence on what visitors see."),
    LearnOnlyUse.STEER: (
        "Steer",
        "Learn-only text never reaches the model or a visitor. It may influence which citable passages are chosen.",
    ),
    LearnOnlyUse.INFORM: (
        "Inform",
        "Learn-only text goes into the prompt, and the answer is checked before it is sent. Best effort: how often"
        " that fails has to be measured.",
    ),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditLine:
    """An entry of the audit trail in words."""

    entry: AuditEntry
    words: str
    details: str


@dataclass(frozen=True, kw_only=True, slots=True)
class AlarmLine:
    """An alarm in words, and the conversation it was raised in, if that is still there."""

    alarm: PrivacyAlarm
    words: str
    conversation_id: UUID | None


def told_by(code: str) -> str:
    """Return what an error says, by its code; nothing for what is no error of ours."""
    return next((error.default_message() for error in error_classes() if error.code == code), "")


def alarm_line(alarm: PrivacyAlarm, conversation_id: UUID | None) -> AlarmLine:
    rules = sorted({hit["rule"] for hit in alarm.hits})
    words = "; ".join(ALARMS.get(rule, plain(rule)) for rule in rules)
    return AlarmLine(alarm=alarm, words=words, conversation_id=conversation_id)


def audit_line(entry: AuditEntry) -> AuditLine:
    return AuditLine(entry=entry, words=ACTIONS.get(entry.action, entry.action), details=told(entry.details))


def told(details: Mapping[str, Any]) -> str:
    """Return an entry's details on one line."""
    if "before" in details and "after" in details:
        return f"{plain(details['before'])} → {plain(details['after'])}"
    return ", ".join(f"{plain(name)}: {plain(value)}" for name, value in details.items() if name not in NOT_TOLD)


def plain(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(plain, value))
    return str(value).replace("learn_only", "learn-only").replace("_", " ")
