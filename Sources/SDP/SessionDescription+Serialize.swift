// SPDX-License-Identifier: AGPL-3.0-or-later

extension SessionDescription {
    /// The description as it goes on the wire, in the order of RFC 4566 §5. CR, LF and NUL in a value become spaces.
    public func serialize() -> [UInt8] {
        var writer = SDPWriter()
        writer.bytes.reserveCapacity(256 + 256 * media.count)
        writer.line("v", "0")
        writer.line(
            "o", origin.username.isEmpty ? "-" : origin.username, origin.sessionID, String(origin.sessionVersion), "IN",
            SDPWriter.family(origin.address), origin.address)
        writer.line("s", sessionName.isEmpty ? "-" : sessionName)
        if let connectionAddress { writer.connection(connectionAddress) }
        writer.line("t", "0", "0")
        if let direction { writer.line("a", direction.rawValue) }
        for attribute in attributes { writer.attribute(attribute.name, attribute.value) }
        for media in media { writer.media(media) }
        return writer.bytes
    }
}

private struct SDPWriter {
    var bytes: [UInt8] = []

    static func family(_ address: String) -> String { address.utf8.contains(0x3A) ? "IP6" : "IP4" }

    private mutating func text(_ text: String) {
        for byte in text.utf8 { bytes.append(byte == 0x0D || byte == 0x0A || byte == 0 ? 0x20 : byte) }
    }

    mutating func line(_ type: Unicode.Scalar, _ words: String...) {
        bytes.append(UInt8(truncatingIfNeeded: type.value))
        bytes.append(0x3D)
        for (index, word) in words.enumerated() {
            if index > 0 { bytes.append(0x20) }
            text(word)
        }
        bytes.append(0x0D)
        bytes.append(0x0A)
    }

    mutating func attribute(_ name: String, _ value: String?) {
        line("a", value.map { "\(name):\($0)" } ?? name)
    }

    mutating func connection(_ address: String) { line("c", "IN", Self.family(address), address) }

    mutating func media(_ media: MediaDescription) {
        // An m= line without a format is no m= line (RFC 4566 §9).
        let formats = media.formats.isEmpty ? "0" : media.formats.map(\.token).joined(separator: " ")
        line("m", media.kind.word, String(media.port), media.proto, formats)
        if let address = media.connectionAddress { connection(address) }
        for format in media.formats {
            if let name = format.encodingName {
                let channels = format.channels.map { "/\($0)" } ?? ""
                attribute("rtpmap", "\(format.token) \(name)/\(format.clockRate ?? 8_000)\(channels)")
            }
            if let parameters = format.parameters { attribute("fmtp", "\(format.token) \(parameters)") }
        }
        if let ptime = media.ptimeMilliseconds { attribute("ptime", String(ptime)) }
        if let port = media.rtcpPort { attribute("rtcp", String(port)) }
        if media.hasRTCPMux { attribute("rtcp-mux", nil) }
        if let direction = media.direction { attribute(direction.rawValue, nil) }
        for other in media.attributes { attribute(other.name, other.value) }
    }
}
