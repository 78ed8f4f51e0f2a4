// SPDX-License-Identifier: AGPL-3.0-or-later

/// A `message/sipfrag` body that is a status line, as a REFER's NOTIFY carries it (RFC 3420, RFC 3515 §2.4.5).
public struct StatusFragment: Hashable, Sendable {
    /// With the version parameter that RFC 3515 shows.
    public static let contentType = "message/sipfrag;version=2.0"

    /// 100…699.
    public var status: Int
    public var reason: String

    /// - Parameter reason: the words for the status when nil.
    public init(status: Int, reason: String? = nil) {
        self.status = min(max(status, 100), 699)
        self.reason = reason ?? SIPMessage.reasonPhrase(for: self.status)
    }

    /// Reads the status line; the headers that may follow it are passed over. nil when the body begins otherwise, or its
    /// first line is longer than 512 bytes or holds a control character.
    public init?(_ body: [UInt8]) {
        let line = body.prefix(513).prefix { $0 != 0x0D && $0 != 0x0A }
        guard line.count <= 512, !line.contains(where: { $0 < 0x20 && $0 != 0x09 }) else { return nil }
        let parts = line.split(separator: 0x20, maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count >= 2, String(decoding: parts[0], as: UTF8.self).equalsIgnoringASCIICase("SIP/2.0"),
            parts[1].count == 3, let status = Int(String(decoding: parts[1], as: UTF8.self)),
            (100...699).contains(status)
        else { return nil }
        self.status = status
        reason = parts.count == 3 ? String(decoding: parts[2], as: UTF8.self) : ""
    }

    /// The status line; nothing in `reason` can begin another one.
    public var bytes: [UInt8] {
        var writer = WireWriter([], reserving: 48)
        writer.literal("SIP/2.0 ")
        writer.number(status)
        writer.byte(0x20)
        writer.text(reason)
        writer.literal("\r\n")
        return writer.bytes
    }

    /// Whether a Content-Type is `message/sipfrag`, whatever its parameters.
    public static func isType(_ contentType: String?) -> Bool {
        guard let type = contentType?.split(separator: ";", maxSplits: 1).first else { return false }
        return String(type.filter { $0 != " " && $0 != "\t" }).equalsIgnoringASCIICase("message/sipfrag")
    }
}
