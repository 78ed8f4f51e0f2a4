// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import Testing

@testable import Exchange

/// What NOTIFYs carry: RFC 4235 and RFC 3863, whatever people are called.
@Suite struct LampDocumentTests {
    private static let watch = LampBoard.Watch(
        watcher: "8003", source: "10.0.0.3", number: "8001", domain: "martlet.example", package: .dialog,
        names: [.seat("8001")])

    private static func dialog(
        _ state: LampDialog.State = .early, isHeld: Bool = false, name: String = "Bob", number: String = "8002"
    ) -> LampDialog {
        LampDialog(
            id: "1-7", isInitiator: false, state: state, isHeld: isHeld,
            local: CallerIdentity(number: "8001", name: "Anna"), remote: CallerIdentity(number: number, name: name),
            identifiers: LampDialog.Identifiers(callID: "abc@x", localTag: "phone", remoteTag: "switch"), seat: "8001")
    }

    private static func text(
        _ dialogs: [LampDialog], over: [LampDialog] = [], version: UInt32 = 4, mayPickUp: Bool = true
    ) -> String {
        let notice = LampBoard.Notice(version: version, look: LampLook(isReachable: true, dialogs: dialogs), over: over)
        return String(
            decoding: DialogInfo(watch: watch, notice: notice) { _ in mayPickUp }.serialize(), as: UTF8.self)
    }

    @Test func aCallThatRingsIsWrittenInFull() {
        #expect(
            Self.text([Self.dialog()]) == """
                <?xml version="1.0" encoding="UTF-8"?>
                <dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" version="4" state="full" \
                entity="sip:8001@martlet.example"><dialog id="1-7" call-id="abc@x" local-tag="phone" \
                remote-tag="switch" direction="recipient"><state>early</state><local><identity display="Anna">\
                sip:8001@martlet.example</identity><target uri="sip:8001@martlet.example"/></local><remote>\
                <identity display="Bob">sip:8002@martlet.example</identity><target uri="sip:8002@martlet.example"/>\
                </remote></dialog></dialog-info>
                """)
    }

    @Test func whoMayNotPickUpIsNotToldHow() throws {
        let document = try #require(LampDocument(Self.text([Self.dialog()], mayPickUp: false)))
        #expect(document.first("dialog-info/dialog")?.attributes == ["id": "1-7", "direction": "recipient"])
        #expect(document.remote == "Bob <sip:8002@martlet.example>")
    }

    @Test func nobodyThereIsAnEmptyDocument() throws {
        let document = try #require(LampDocument(Self.text([])))
        #expect(document.elements.map(\.path) == ["dialog-info"])
        #expect(document.version == 4)
    }

    @Test func aHeldTalkSaysSoAndOneThatIsOverSaysNothingElse() throws {
        let document = try #require(
            LampDocument(Self.text([Self.dialog(.confirmed, isHeld: true)], over: [Self.dialog(.terminated)])))
        #expect(document.dialogs == ["confirmed recipient", "terminated recipient"])
        #expect(document.isHeld)
        #expect(document.all("dialog-info/dialog/remote").count == 1)
    }

    @Test(arguments: [
        "<b>&amp;\"'</b>", "]]><!--", "\u{0}\u{1}\u{8}\u{1F}", "\u{FFFE}\u{FFFF}", "名字\u{10FFFF}", "a\r\nb\tc",
        String(repeating: "&", count: 2000),
    ])
    func namesFromOutsideNeverBreakTheDocument(name: String) throws {
        let document = try #require(LampDocument(Self.text([Self.dialog(name: name, number: "+\"<&>'")])))
        let shown = document.first("dialog-info/dialog/remote/identity")?.attributes["display"]
        let expected = String(
            String.UnicodeScalarView(
                name.unicodeScalars.map { scalar in
                    switch scalar {
                    case "\t", "\n", "\r": " "
                    case "\u{0}"..."\u{1F}", "\u{FFFE}", "\u{FFFF}": "\u{FFFD}"
                    default: scalar
                    }
                }))
        #expect(shown == expected)
        #expect(document.elements.count == 9)
    }

    @Test func aCallerWithoutNumberIsAnonymous() throws {
        let document = try #require(LampDocument(Self.text([Self.dialog(name: "", number: "")])))
        #expect(document.remote == " <sip:anonymous@anonymous.invalid>")
    }

    private static let confirmed = LampDialog(id: "1", isInitiator: true, state: .confirmed)
    private static let held = LampDialog(id: "1", isInitiator: true, state: .confirmed, isHeld: true)
    private static let ringing = LampDialog(id: "2", isInitiator: false, state: .early)

    /// Reachable, dialogs; basic, note, activities.
    @Test(arguments: [
        (true, [], "open", "Ready", []), (false, [], "closed", "Unavailable", []),
        (true, [Self.ringing], "open", "Ringing", ["busy"]),
        (true, [Self.confirmed], "open", "On the phone", ["on-the-phone"]),
        (true, [Self.ringing, Self.confirmed], "open", "On the phone", ["on-the-phone"]),
        (true, [Self.held], "open", "On hold", ["on-the-phone"]),
    ])
    func presenceSaysWhatSomebodyIsDoing(
        isReachable: Bool, dialogs: [LampDialog], basic: String, note: String, activities: [String]
    ) throws {
        let look = LampLook(isReachable: isReachable, dialogs: dialogs)
        let text = String(decoding: PresenceDocument(watch: Self.watch, look: look).serialize(), as: UTF8.self)
        let document = try #require(LampDocument(text))
        #expect(document.first("presence")?.attributes["entity"] == "sip:8001@martlet.example")
        #expect(document.basic == basic)
        #expect(document.note == note)
        #expect(document.activities == activities)
    }

    @Test func moreDialogsThanAreToldLoseThoseThatDoNotRing() {
        let talks = (0..<20).map { LampDialog(id: "\($0)", isInitiator: true, state: .confirmed) }
        let look = LampLook(isReachable: true, dialogs: talks + [Self.ringing])
        #expect(look.dialogs.count == LampLook.mostDialogs)
        #expect(look.dialogs.first == Self.ringing)
    }
}
