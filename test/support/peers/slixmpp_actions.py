"""Acting on messages for slixmpp-peer.py: what slixmpp's own plugins send, and what they take for an action."""

PLUGINS = ("xep_0184", "xep_0308", "xep_0333", "xep_0424", "xep_0425", "xep_0444")


def target_of(stanza, kind):
    """The message that it is about, and what it says of it, as the plugin reads it."""
    if kind == "edit":
        return {"target": stanza["replace"]["id"], "body": stanza["body"]}
    if kind == "reactions":
        return {"target": stanza["reactions"]["id"], "reactions": sorted(stanza["reactions"].get_values())}
    if kind == "displayed":
        return {"target": stanza["displayed"]["id"]}
    if kind == "received":
        return {"target": stanza["receipt"]}
    moderated = stanza["apply_to"]["moderated"] if kind == "moderated" else {}
    by = {"by": str(moderated["by"]), "reason": moderated["reason"]} if kind == "moderated" else {}
    return {"target": stanza["apply_to"]["id"], **by}


class ActionCalls:
    """A part of slixmpp-peer.py's Calls."""

    async def actions(self):
        for plugin in PLUGINS:
            self.peer.register_plugin(plugin)
        self.peer["xep_0184"].auto_ack = True
        events = {
            "message_correction": "edit",
            "reactions": "reactions",
            "marker_displayed": "displayed",
            "receipt_received": "received",
            "message_retract": "retraction",
            "moderated_message": "moderated",
        }
        for event, kind in events.items():
            self.peer.add_event_handler(event, lambda stanza, kind=kind: self.report_action(stanza, kind))

    def report_action(self, stanza, kind):
        self.report("action", kind=kind, **{"from": str(stanza["from"])}, id=stanza["id"], **target_of(stanza, kind))

    async def edit(self, to, id, body, type="chat"):
        message = self.peer.make_message(mto=to, mtype=type, mbody=body)
        message["id"] = self.peer.new_id()
        message["replace"]["id"] = id
        message.send()
        return {"id": message["id"]}

    async def react(self, to, id, reactions, type="chat"):
        message = self.peer.make_message(mto=to, mtype=type)
        message["id"] = self.peer.new_id()
        self.peer["xep_0444"].set_reactions(message, id, reactions)
        message.enable("store")
        message.send()

    async def retract(self, to, id, type="chat"):
        self.peer["xep_0424"].send_retraction(to, id, mtype=type)

    async def marker(self, to, id):
        self.peer["xep_0333"].send_marker(to, id, "displayed")

    async def moderate(self, room, id, reason=""):
        await self.peer["xep_0425"].moderate(self.peer.boundjid.__class__(room), id, reason, timeout=10)
