// SPDX-License-Identifier: AGPL-3.0-or-later

extension DestinationList {
    /// What a lamp watches, as a dialplan's hint has it: `SIP/8001&SIP/8002`, `park:701`, `park:701@lot`.
    ///
    /// A `scheme:name` becomes the destination `Scheme/name`; the part behind `@` only says where Asterisk keeps it.
    public init(hint text: String) throws(DestinationError) {
        let pieces = DestinationList.pieces(of: text)
        guard pieces.count <= DestinationList.limit else { throw .tooMany }
        var destinations: [Destination] = []
        for piece in pieces { destinations.append(try Destination(parsing: DestinationList.plain(piece))) }
        self.init(destinations)
    }

    /// `park:701@lot` as `park/701`; every other text as it is.
    public static func plain(_ piece: some StringProtocol) -> String {
        let text = String(piece.trimmingBlanks)
        guard let colon = text.firstIndex(of: ":"), !text[..<colon].contains("/") else { return text }
        return "\(text[..<colon])/\(text[text.index(after: colon)...].prefix { $0 != "@" })"
    }
}
