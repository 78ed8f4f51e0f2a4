// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import FoundationXML

/// A document as a telephone reads it; nil when it is not well-formed.
final class LampDocument: NSObject, XMLParserDelegate {
    struct Element {
        /// `dialog-info/dialog/state`.
        var path: String
        var attributes: [String: String]
        var text = ""
    }

    private(set) var elements: [Element] = []
    private var open: [Int] = []
    private var names: [String] = []

    init?(_ text: String) {
        super.init()
        let parser = XMLParser(data: Data(text.utf8))
        parser.delegate = self
        guard parser.parse() else { return nil }
    }

    func parser(
        _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
        attributes: [String: String]
    ) {
        names.append(name)
        open.append(elements.count)
        elements.append(Element(path: names.joined(separator: "/"), attributes: attributes))
    }

    func parser(_ parser: XMLParser, foundCharacters text: String) {
        if let last = open.last { elements[last].text += text }
    }

    func parser(_ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?) {
        names.removeLast()
        open.removeLast()
    }

    func first(_ path: String) -> Element? { elements.first { $0.path == path } }
    func all(_ path: String) -> [Element] { elements.filter { $0.path == path } }

    /// `early recipient`, `confirmed initiator`, `terminated` … of each dialog.
    var dialogs: [String] {
        zip(all("dialog-info/dialog"), all("dialog-info/dialog/state")).map { dialog, state in
            [state.text, dialog.attributes["direction"]].compactMap { $0 }.joined(separator: " ")
        }
    }

    var version: Int? { first("dialog-info")?.attributes["version"].flatMap { Int($0) } }
    /// Whom the first dialog is with, `Anna <sip:8001@martlet>`.
    var remote: String? {
        first("dialog-info/dialog/remote/identity").map { "\($0.attributes["display"] ?? "") <\($0.text)>" }
    }
    /// The first dialog is held.
    var isHeld: Bool {
        first("dialog-info/dialog/local/target/param")?.attributes == ["pname": "+sip.rendering", "pval": "no"]
    }
    var basic: String? { first("presence/tuple/status/basic")?.text }
    var note: String? { first("presence/tuple/note")?.text }
    var activities: [String] {
        elements.filter { $0.path.hasPrefix("presence/dm:person/rpid:activities/") }.map {
            String($0.path.split(separator: ":").last ?? "")
        }
    }
}
