"""An XMPP user for the tests: slixmpp, steered by JSON lines on stdin, reporting JSON lines on stdout.

Needs Debian's python3-slixmpp (1.8, 1.10). A command is {"call": name, "ref": number, ...} and is answered by
{"event": "reply", "ref": number, "result": {...}} or {..., "error": {...}}; what comes in unasked is an event of its own. It decides nothing
by itself: no subscription is answered, no receipt sent. Disco, version and ping requests are answered by slixmpp.
"""

import asyncio
import json
import sys
import time
from xml.etree import ElementTree

from slixmpp import ClientXMPP
from slixmpp.exceptions import IqError, IqTimeout
from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import MatchXPath
from slixmpp_actions import ActionCalls
from slixmpp_fields import FieldCalls
from slixmpp_profiles import ProfileCalls
from slixmpp_rooms import RoomCalls, message_parts, occupant_of

CLIENT = "{jabber:client}"
CHAT_STATES = "{http://jabber.org/protocol/chatstates}"
RECEIPTS = "{urn:xmpp:receipts}"
ORIGIN_ID = "{urn:xmpp:sid:0}origin-id"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"
SUBSCRIPTIONS = ("subscribe", "subscribed", "unsubscribe", "unsubscribed")


def present(**data):
    """What is absent is left out, not null."""
    return {key: value for key, value in data.items() if value is not None}


def report(event, **data):
    sys.stdout.write(json.dumps({"event": event, **present(**data)}) + "\n")
    sys.stdout.flush()


def child_text(xml, name):
    found = xml.find(name)
    return None if found is None else found.text or ""


def addresses(stanza):
    xml = stanza.xml
    return {"from": xml.get("from"), "to": xml.get("to"), "id": xml.get("id"), "xml": str(stanza)}


def error_of(xml):
    """The condition and text of a stanza error (RFC 6120 §8.3)."""
    error = xml.find(CLIENT + "error")
    if error is None:
        return None
    names = [child.tag.split("}")[1] for child in error]
    condition = next((name for name in names if name != "text"), "undefined-condition")
    text = next((child.text for child in error if child.tag.endswith("}text")), None)
    return present(type=error.get("type"), condition=condition, text=text)


def on_message(stanza):
    xml = stanza.xml
    states = [child.tag[len(CHAT_STATES) :] for child in xml if child.tag.startswith(CHAT_STATES)]
    receipt, origin = xml.find(RECEIPTS + "received"), xml.find(ORIGIN_ID)
    report(
        "message",
        **addresses(stanza),
        type=xml.get("type", "normal"),
        lang=xml.get(LANG),
        body=child_text(xml, CLIENT + "body"),
        subject=child_text(xml, CLIENT + "subject"),
        thread=child_text(xml, CLIENT + "thread"),
        chatState=states[0] if states else None,
        originId=None if origin is None else origin.get("id"),
        receiptRequested=xml.find(RECEIPTS + "request") is not None,
        receiptFor=None if receipt is None else receipt.get("id"),
        error=error_of(xml),
        **message_parts(xml),
    )


def on_presence(stanza):
    xml = stanza.xml
    kind = xml.get("type", "available")
    priority = child_text(xml, CLIENT + "priority")
    report(
        "subscription" if kind in SUBSCRIPTIONS else "presence",
        **addresses(stanza),
        type=kind,
        show=child_text(xml, CLIENT + "show"),
        status=child_text(xml, CLIENT + "status"),
        priority=None if priority is None else int(priority),
        error=error_of(xml),
        occupant=occupant_of(xml),
    )


def on_iq(stanza):
    """Requests and pushes only; slixmpp answers them. Results are replies to calls."""
    if stanza.xml.get("type") not in ("get", "set"):
        return
    payload = next(iter(stanza.xml), None)
    report("iq", **addresses(stanza), type=stanza.xml.get("type"), payload=None if payload is None else payload.tag)


def roster_item(xml):
    return present(
        jid=xml.get("jid"),
        name=xml.get("name"),
        subscription=xml.get("subscription", "none"),
        ask=xml.get("ask"),
        groups=[group.text for group in xml],
    )


class Peer(ClientXMPP):
    def __init__(self, jid, password, mechanism, plugins):
        super().__init__(jid, password, sasl_mech=mechanism)
        self.use_ipv6 = False
        self["feature_mechanisms"].unencrypted_plain = True
        self["feature_mechanisms"].unencrypted_scram = True
        self.roster.auto_authorize = None
        self.roster.auto_subscribe = False
        for plugin in plugins:
            self.register_plugin(plugin)
        for name, handle in (("message", on_message), ("presence", on_presence), ("iq", on_iq)):
            self.register_handler(Callback("report " + name, MatchXPath(CLIENT + name), handle))
        self.add_event_handler("disconnected", lambda reason: report("disconnected", reason=str(reason or "")))

    async def log_in(self, host, port):
        outcome = asyncio.get_running_loop().create_future()

        def settle(error):
            if not outcome.done():
                outcome.set_result(error)

        self.add_event_handler("session_start", lambda _: settle(None))
        self.add_event_handler("failed_all_auth", lambda _: settle("the server refused the login"))
        self.add_event_handler("connection_failed", lambda reason: settle(str(reason)))
        self.add_event_handler("disconnected", lambda reason: settle("disconnected %s" % (reason or "")))
        if hasattr(self, "enable_plaintext"):  # COMPAT(slixmpp 1.9)
            self.enable_direct_tls, self.enable_starttls, self.enable_plaintext = False, False, True
            self.connect(host, port)
        else:
            self.connect((host, port), disable_starttls=True)
        error = await asyncio.wait_for(outcome, 15)
        if error is not None:
            raise ConnectionError(error)
        return {"jid": self.boundjid.full}


class Calls(RoomCalls, ProfileCalls, ActionCalls, FieldCalls):
    """Each method is a call; its keyword arguments are the call's fields, its result goes into the reply."""

    def __init__(self):
        self.peer = None
        self.report = report

    async def login(self, jid, password, host, port, mechanism=None, plugins=("xep_0030", "xep_0092", "xep_0199")):
        self.peer = Peer(jid, password, mechanism, plugins)
        return await self.peer.log_in(host, port)

    async def message(self, to, type="chat", id=None, **parts):
        message = self.peer.make_message(mto=to, mtype=type)
        message["id"] = id or self.peer.new_id()
        xml = message.xml
        if parts.get("lang") is not None:
            xml.set(LANG, parts["lang"])
        for name in ("subject", "body", "thread"):
            if parts.get(name) is not None:
                ElementTree.SubElement(xml, CLIENT + name).text = parts[name]
        if parts.get("chatState"):
            ElementTree.SubElement(xml, CHAT_STATES + parts["chatState"])
        if parts.get("receiptRequested"):
            ElementTree.SubElement(xml, RECEIPTS + "request")
        if parts.get("receiptFor"):
            ElementTree.SubElement(xml, RECEIPTS + "received", {"id": parts["receiptFor"]})
        message.send()
        return {"id": message["id"]}

    async def raw(self, xml):
        self.peer.send_raw(xml)

    async def presence(self, to=None, type=None, show=None, status=None, priority=None):
        self.peer.send_presence(pshow=show, pstatus=status, ppriority=priority, pto=to, ptype=type)

    async def discoInfo(self, jid, node=None):
        info = (await self.peer["xep_0030"].get_info(jid=jid, node=node, local=False, cached=False))["disco_info"]
        identities = [present(category=i[0], type=i[1], name=i[3]) for i in info["identities"]]
        return {"identities": identities, "features": sorted(info["features"])}

    async def discoItems(self, jid, node=None):
        items = (await self.peer["xep_0030"].get_items(jid=jid, node=node, local=False))["disco_items"]["items"]
        return {"items": [present(jid=str(i[0]), node=i[1] or None, name=i[2] or None) for i in items]}

    async def ping(self, jid):
        start = time.monotonic()
        await self.peer["xep_0199"].send_ping(jid, timeout=10)
        return {"seconds": time.monotonic() - start}

    async def version(self, jid):
        version = (await self.peer["xep_0092"].get_version(jid))["software_version"]
        return {"name": version["name"], "version": version["version"], "os": version["os"]}

    async def roster(self):
        # by hand: slixmpp's own request names the version it knows, and gets nothing if that is the newest
        request = self.peer.make_iq_get(queryxmlns="jabber:iq:roster")
        items = next(iter((await request.send(timeout=10)).xml), ())
        return {"items": [roster_item(item) for item in items]}

    async def rosterRemove(self, jid):
        await self.peer.del_roster_item(jid)

    async def iq(self, type, payload, to=None):
        request = self.peer.make_iq(ito=to, itype=type)
        request.xml.append(ElementTree.fromstring(payload))
        return {"xml": str(await request.send(timeout=10))}

    async def close(self):
        if self.peer is not None:
            await self.peer.disconnect(wait=2)


async def answer(calls, call, ref, **arguments):
    try:
        report("reply", ref=ref, result=await getattr(calls, call)(**arguments) or {})
    except IqError as error:
        report("reply", ref=ref, error=error_of(error.iq.xml))
    except IqTimeout:
        report("reply", ref=ref, error={"condition": "timeout"})
    except Exception as error:  # a test reads it
        report("reply", ref=ref, error={"condition": type(error).__name__, "text": str(error)})


async def main():
    calls = Calls()
    lines = asyncio.StreamReader(limit=16 * 1024 * 1024)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    running = set()  # the loop itself holds tasks weakly
    while line := await lines.readline():
        command = json.loads(line)
        task = asyncio.ensure_future(answer(calls, **command))
        running.add(task)
        task.add_done_callback(running.discard)
        if command["call"] == "close":
            await task
            return


if __name__ == "__main__":
    asyncio.run(main())
