"""Profiles for slixmpp-peer.py: avatars (XEP-0084), nicks (XEP-0172), vCards (XEP-0054), by slixmpp's own plugins."""

import base64
import hashlib


class ProfileCalls:
    async def interest(self, nodes):
        """From the next presence on, the caps say that these nodes are wanted (XEP-0163 §4.1)."""
        self.peer["xep_0163"].add_interest(nodes)
        await self.peer["xep_0115"].update_caps(broadcast=False)

    async def avatarPublish(self, data, type, width, height):
        image = base64.b64decode(data)
        plugin = self.peer["xep_0084"]
        await plugin.publish_avatar(image)
        info = {"id": hashlib.sha1(image).hexdigest(), "bytes": len(image), "type": type}
        await plugin.publish_avatar_metadata([{**info, "width": str(width), "height": str(height)}])

    async def avatarStop(self):
        await self.peer["xep_0084"].stop()

    async def avatarGet(self, jid, id):
        result = await self.peer["xep_0084"].retrieve_avatar(jid, id)
        item = result["pubsub"]["items"]["item"]
        return {"data": base64.b64encode(item["avatar_data"]["value"]).decode()}

    async def nickPublish(self, nick):
        await self.peer["xep_0172"].publish_nick(nick)

    async def vcardGet(self, jid):
        vcard = (await self.peer["xep_0054"].get_vcard(jid=jid, cached=False))["vcard_temp"]
        photo = vcard["PHOTO"]
        data = photo["BINVAL"]
        return {"fn": vcard["FN"], "type": photo["TYPE"], "photo": base64.b64encode(data).decode() if data else ""}

    async def vcardPublish(self, fn, email, photo=None, type=None):
        plugin = self.peer["xep_0054"]
        vcard = plugin.make_vcard()
        vcard["FN"] = fn
        vcard["EMAIL"]["USERID"] = email
        if photo is not None:
            vcard["PHOTO"]["TYPE"] = type
            vcard["PHOTO"]["BINVAL"] = base64.b64decode(photo)
        await plugin.publish_vcard(vcard)
