"""Fields of messages for slixmpp-peer.py, written and read by slixmpp's own plugins."""

from slixmpp.stanza import Message

PLUGINS = ("0066", "0071", "0224", "0297", "0335", "0380", "0382", "0461")
FALLBACK = "{urn:xmpp:fallback:0}"


class FieldCalls:
    async def fields(self):
        """From now on, what the plugins read in each message is reported."""
        for plugin in PLUGINS:
            self.peer.register_plugin("xep_" + plugin)
        self.peer.add_event_handler("message", self.on_fields)

    def on_fields(self, message):
        has = lambda name: message.get_plugin(name, check=True) is not None
        read = {
            "reply": lambda: {"id": message["reply"]["id"], "to": message["reply"]["to"]},
            "oob": lambda: message["oob"]["url"],
            "spoiler": lambda: message["spoiler"].xml.text or "",
            "attention": lambda: True,
            "json": lambda: message["json"]["value"],
            "html": lambda: message["html"]["body"],
        }
        found = {name: get() for name, get in read.items() if has(name)}
        if has("eme"):
            found["encryption"] = {"namespace": message["eme"]["namespace"], "name": message["eme"]["name"]}
        if has("forwarded"):
            inner = message["forwarded"]["stanza"]
            found["forwarded"] = {"from": str(inner["from"]), "body": inner["body"]}
        fallback = message.xml.find(FALLBACK + "fallback")
        if fallback is not None:
            part = fallback.find(FALLBACK + "body")
            found["fallback"] = {"for": fallback.get("for"), **({} if part is None else part.attrib)}
        self.report("fields", **{"from": str(message["from"])}, id=message["id"], body=message["body"] or None, **found)

    async def sendFields(self, to, type="chat", **fields):
        message = self.peer.make_message(mto=to, mtype=type, mbody=fields.get("body"))
        message["id"] = self.peer.new_id()
        if "reply" in fields:
            message["reply"]["id"] = fields["reply"]["id"]
            message["reply"]["to"] = fields["reply"]["to"]
        if "fallback" in fields:
            message["feature_fallback"]["for"] = "urn:xmpp:reply:0"
            message["feature_fallback"]["fallback_body"]["start"] = str(fields["fallback"]["start"])
            message["feature_fallback"]["fallback_body"]["end"] = str(fields["fallback"]["end"])
        if "oob" in fields:
            message["oob"]["url"] = fields["oob"]
        if "spoiler" in fields:
            message["spoiler"].xml.text = fields["spoiler"]
        if "attention" in fields:
            message["attention"] = True
        if "encryption" in fields:
            message["eme"]["namespace"] = fields["encryption"]["namespace"]
            message["eme"]["name"] = fields["encryption"]["name"]
        if "json" in fields:
            message["json"]["value"] = fields["json"]
        if "html" in fields:
            message["html"]["body"] = fields["html"]
        if "forwarded" in fields:
            inner = Message()
            inner["from"], inner["body"] = fields["forwarded"]["from"], fields["forwarded"]["body"]
            message["forwarded"]["stanza"] = inner
        message.send()
        return {"id": message["id"]}
