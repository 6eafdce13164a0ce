"""Rooms (XEP-0045) for slixmpp-peer.py: what the stanzas of a room say, and the calls of an occupant.

slixmpp's plugin is used where it works: joining and leaving are by hand, for 1.8's join prints to stdout and its leave
sends no type.
"""

from contextlib import suppress
from xml.etree import ElementTree

from slixmpp.exceptions import IqTimeout

CLIENT = "{jabber:client}"
MUC = "{http://jabber.org/protocol/muc}"
MUC_USER = "{http://jabber.org/protocol/muc#user}"
CONFERENCE = "{jabber:x:conference}"
DELAY = "{urn:xmpp:delay}delay"
OCCUPANT_ID = "{urn:xmpp:occupant-id:0}occupant-id"
STANZA_ID = "{urn:xmpp:sid:0}stanza-id"


def present(**data):
    return {key: value for key, value in data.items() if value is not None}


def attribute(xml, name, attribute_name):
    found = None if xml is None else xml.find(name)
    return None if found is None else found.get(attribute_name)


def text(xml, name):
    found = None if xml is None else xml.find(name)
    return None if found is None else found.text or ""


def codes_of(user):
    codes = [] if user is None else [int(status.get("code")) for status in user.findall(MUC_USER + "status")]
    return codes or None


def occupant_of(xml):
    """What a presence says of an occupant; None where it is not a room's."""
    user = xml.find(MUC_USER + "x")
    if user is None:
        return None
    item, destroy = user.find(MUC_USER + "item"), user.find(MUC_USER + "destroy")
    actor = None if item is None else item.find(MUC_USER + "actor")
    destroyed = None if destroy is None else present(jid=destroy.get("jid"), reason=text(destroy, MUC_USER + "reason"))
    return present(
        affiliation=None if item is None else item.get("affiliation"),
        role=None if item is None else item.get("role"),
        jid=None if item is None else item.get("jid"),
        newNick=None if item is None else item.get("nick"),
        reason=text(item, MUC_USER + "reason"),
        actor=None if actor is None else actor.get("nick") or actor.get("jid"),
        destroyed=destroyed,
        occupantId=attribute(xml, OCCUPANT_ID, "id"),
        statusCodes=codes_of(user) or [],
    )


def invitation_of(xml):
    user, direct = xml.find(MUC_USER + "x"), xml.find(CONFERENCE + "x")
    invite = None if user is None else user.find(MUC_USER + "invite")
    if invite is not None:
        return present(
            kind="mediated",
            room=xml.get("from"),
            by=invite.get("from"),
            reason=text(invite, MUC_USER + "reason"),
            password=text(user, MUC_USER + "password"),
        )
    if direct is None:
        return None
    return present(
        kind="direct",
        room=direct.get("jid"),
        by=xml.get("from"),
        reason=direct.get("reason"),
        password=direct.get("password"),
    )


def declined_of(xml):
    user = xml.find(MUC_USER + "x")
    decline = None if user is None else user.find(MUC_USER + "decline")
    return None if decline is None else present(by=decline.get("from"), reason=text(decline, MUC_USER + "reason"))


def message_parts(xml):
    """What a message of a room has beside any other's."""
    ids = [found for found in xml.findall(STANZA_ID) if found.get("by") == (xml.get("from") or "").split("/")[0]]
    return {
        "stanzaId": ids[0].get("id") if ids else None,
        "occupantId": attribute(xml, OCCUPANT_ID, "id"),
        "delayed": attribute(xml, DELAY, "stamp"),
        "invite": invitation_of(xml),
        "declined": declined_of(xml),
        "statusCodes": codes_of(xml.find(MUC_USER + "x")),
    }


class RoomCalls:
    """A part of slixmpp-peer.py's Calls."""

    def rooms(self):
        self.peer.register_plugin("xep_0045")
        return self.peer["xep_0045"]

    async def roomJoin(self, room, nick, password=None, history=None):
        self.rooms()
        presence = self.peer.make_presence(pto="%s/%s" % (room, nick))
        x = ElementTree.SubElement(presence.xml, MUC + "x")
        if password is not None:
            ElementTree.SubElement(x, MUC + "password").text = password
        if history is not None:
            ElementTree.SubElement(x, MUC + "history", {key: str(value) for key, value in history.items()})
        presence.send()

    async def roomSubject(self, room, subject):
        self.rooms().set_subject(room, subject)

    async def roomRole(self, room, nick, role, reason=""):
        await self.rooms().set_role(room, nick, role, reason=reason, timeout=10)

    async def roomAffiliation(self, room, jid, affiliation, reason=""):
        await self.rooms().set_affiliation(room, affiliation, jid=jid, reason=reason, timeout=10)

    async def roomInvite(self, room, jid, reason=""):
        self.rooms().invite(room, jid, reason)

    async def roomInviteDirect(self, room, jid, reason=""):
        message = self.peer.make_message(mto=jid)
        ElementTree.SubElement(message.xml, CONFERENCE + "x", present(jid=room, reason=reason or None))
        message.send()

    async def roomDestroy(self, room, reason="", venue=None):
        # ejabberd's answer gets lost now and then with the room; those in it are told all the same.
        with suppress(IqTimeout):
            await self.rooms().destroy(room, reason=reason, altroom=venue, timeout=3)

    async def roomConfigure(self, room, fields):
        """Submits the owner's form with these fields; with none the room becomes an instant one."""
        request = self.peer.make_iq_set(ito=room)
        query = ElementTree.SubElement(request.xml, "{http://jabber.org/protocol/muc#owner}query")
        form = ElementTree.SubElement(query, "{jabber:x:data}x", {"type": "submit"})
        values = {"FORM_TYPE": "http://jabber.org/protocol/muc#roomconfig", **fields} if fields else {}
        for name, value in values.items():
            field = ElementTree.SubElement(form, "{jabber:x:data}field", {"var": name})
            ElementTree.SubElement(field, "{jabber:x:data}value").text = str(value)
        await request.send(timeout=10)
