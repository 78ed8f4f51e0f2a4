// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import SIPMessage

/// The document of the package `dialog` (RFC 4235 §4), always in full.
///
/// The identifiers of a call that rings are those the watched telephone knows: its own tag is `local-tag`. A key beside the
/// lamp makes `Replaces: call-id;to-tag=remote-tag;from-tag=local-tag` of them, and finds the call here.
struct DialogInfo {
    let watch: LampBoard.Watch
    let notice: LampBoard.Notice
    /// Whether who watches may pick up a call of that seat; else its identifiers are not told.
    let mayPickUp: (_ seat: String) -> Bool

    func serialize() -> [UInt8] {
        let dialogs = notice.look.dialogs + notice.over
        var xml = XMLText(reserving: 200 + 700 * dialogs.count)
        xml.open(
            "dialog-info",
            [
                "xmlns": "urn:ietf:params:xml:ns:dialog-info", "version": String(notice.version), "state": "full",
                "entity": watch.uri(watch.number),
            ])
        for dialog in dialogs { write(dialog, to: &xml) }
        xml.close("dialog-info")
        return xml.bytes
    }

    private func write(_ dialog: LampDialog, to xml: inout XMLText) {
        let known = dialog.identifiers.flatMap { identifiers in
            dialog.seat.map(mayPickUp) == true ? identifiers : nil
        }
        xml.open(
            "dialog",
            [
                "id": dialog.id, "call-id": known?.callID, "local-tag": known?.localTag,
                "remote-tag": known?.remoteTag, "direction": dialog.isInitiator.map { $0 ? "initiator" : "recipient" },
            ])
        xml.element("state", text: dialog.state.rawValue)
        if dialog.state != .terminated {
            write("local", dialog.local, isHeld: dialog.isHeld, to: &xml)
            write("remote", dialog.remote, isHeld: false, to: &xml)
        }
        xml.close("dialog")
    }

    private func write(_ side: String, _ identity: CallerIdentity?, isHeld: Bool, to xml: inout XMLText) {
        guard let identity else { return }
        let uri = identity.number.isEmpty ? "sip:anonymous@anonymous.invalid" : watch.uri(identity.number)
        xml.open(side)
        xml.element("identity", ["display": identity.name.isEmpty ? nil : identity.name], text: uri)
        if isHeld {
            // RFC 4235 §4.1.6.2 with RFC 3840's way to say that the telephone renders nothing.
            xml.open("target", ["uri": uri])
            xml.empty("param", ["pname": "+sip.rendering", "pval": "no"])
            xml.close("target")
        } else {
            xml.empty("target", ["uri": uri])
        }
        xml.close(side)
    }
}

extension LampBoard.Watch {
    /// A number at the switch as the watcher calls it: one that its telephone can dial.
    func uri(_ number: String) -> String { SIPURI(user: number, host: domain).description }
}
