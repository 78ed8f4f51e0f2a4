// SPDX-License-Identifier: AGPL-3.0-or-later

/// The document of the package `presence`: PIDF (RFC 3863) with a person (RFC 4479) and what he is doing (RFC 4480).
struct PresenceDocument {
    let watch: LampBoard.Watch
    let look: LampLook

    func serialize() -> [UInt8] {
        let uri = watch.uri(watch.number)
        var xml = XMLText(reserving: 800)
        xml.open(
            "presence",
            [
                "xmlns": "urn:ietf:params:xml:ns:pidf", "xmlns:dm": "urn:ietf:params:xml:ns:pidf:data-model",
                "xmlns:rpid": "urn:ietf:params:xml:ns:pidf:rpid", "entity": uri,
            ])
        xml.open("tuple", ["id": "telephone"])
        xml.open("status")
        xml.element("basic", text: look.isReachable ? "open" : "closed")
        xml.close("status")
        xml.element("contact", text: uri)
        xml.element("note", text: note)
        xml.close("tuple")
        xml.open("dm:person", ["id": "person"])
        if look.isInUse || look.isRinging {
            xml.open("rpid:activities")
            xml.empty(look.isInUse ? "rpid:on-the-phone" : "rpid:busy")
            xml.close("rpid:activities")
        }
        xml.close("dm:person")
        xml.close("presence")
        return xml.bytes
    }

    /// What telephones show as text; the words of Asterisk, which they know.
    private var note: String {
        if look.isOnHold { return "On hold" }
        if look.isInUse { return "On the phone" }
        if look.isRinging { return "Ringing" }
        return look.isReachable ? "Ready" : "Unavailable"
    }
}
