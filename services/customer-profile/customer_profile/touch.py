"""A touch with a customer: by which channel, and for what purpose."""

from enum import StrEnum


class Channel(StrEnum):
    VOICE = "voice"
    FACE_TO_FACE = "face_to_face"
    WEB = "web"
    EMAIL = "email"
    FAX = "fax"
    SMS = "sms"
    LETTER = "letter"
    CHAT = "chat"
    SOCIAL = "social"
    PUSH = "push"
    DEMO = "demo"
    EVENT = "event"
    IVR = "ivr"
    SYSTEM = "system"


class Purpose(StrEnum):
    """Why somebody is in touch. A grievance can become a complaint."""

    INQUIRY = "inquiry"
    CARE = "care"
    COMPLAINT = "complaint"
    GRIEVANCE = "grievance"
    OBJECTION = "objection"
    SALE = "sale"
    SERVICE = "service"
    SURVEY = "survey"
    MARKETING = "marketing"
    NEWSLETTER = "newsletter"


# What answers the customer's own matter needs no consent, has no cap, and reaches also those who
# want no other contact.
ANSWERING = frozenset(
    {Purpose.INQUIRY, Purpose.COMPLAINT, Purpose.GRIEVANCE, Purpose.OBJECTION, Purpose.SERVICE}
)
