// SPDX-License-Identifier: AGPL-3.0-or-later

/// The headers that have a field of their own in ``SIPMessage``.
enum HeaderKind {
    case via, from, to, callID, cseq, maxForwards, contact, route, recordRoute, contentType, contentLength
    case other

    /// By name in any case, or by compact form (RFC 3261 §7.3.3).
    @inline(__always)
    init(_ name: UnsafeRawBufferPointer) {
        self = .other
        guard let first = name.first else { return }
        switch name.count {
        case 1:
            switch first | 0x20 {
            case UInt8(ascii: "v"): self = .via
            case UInt8(ascii: "f"): self = .from
            case UInt8(ascii: "t"): self = .to
            case UInt8(ascii: "i"): self = .callID
            case UInt8(ascii: "m"): self = .contact
            case UInt8(ascii: "c"): self = .contentType
            case UInt8(ascii: "l"): self = .contentLength
            default: break
            }
        case 2: if name.isName("to") { self = .to }
        case 3: if name.isName("via") { self = .via }
        case 4: if name.isName("from") { self = .from } else if name.isName("cseq") { self = .cseq }
        case 5: if name.isName("route") { self = .route }
        case 7: if name.isName("call-id") { self = .callID } else if name.isName("contact") { self = .contact }
        case 12:
            if name.isName("max-forwards") {
                self = .maxForwards
            } else if name.isName("content-type") {
                self = .contentType
            } else if name.isName("record-route") {
                self = .recordRoute
            }
        case 14: if name.isName("content-length") { self = .contentLength }
        default: break
        }
    }

    /// The long name of a compact form without a field of its own, nil when there is none.
    static func longName(ofCompact letter: UInt8) -> String? {
        switch letter | 0x20 {
        case UInt8(ascii: "a"): "Accept-Contact"
        case UInt8(ascii: "b"): "Referred-By"
        case UInt8(ascii: "d"): "Request-Disposition"
        case UInt8(ascii: "e"): "Content-Encoding"
        case UInt8(ascii: "j"): "Reject-Contact"
        case UInt8(ascii: "k"): "Supported"
        case UInt8(ascii: "n"): "Identity-Info"
        case UInt8(ascii: "o"): "Event"
        case UInt8(ascii: "r"): "Refer-To"
        case UInt8(ascii: "s"): "Subject"
        case UInt8(ascii: "u"): "Allow-Events"
        case UInt8(ascii: "x"): "Session-Expires"
        case UInt8(ascii: "y"): "Identity"
        default: nil
        }
    }
}

extension UnsafeRawBufferPointer {
    /// Whether these bytes spell `lowercase` in any case; `lowercase` holds lower-case letters and hyphens.
    @inline(__always)
    func isName(_ lowercase: StaticString) -> Bool {
        guard count == lowercase.utf8CodeUnitCount else { return false }
        let expected = lowercase.utf8Start
        for index in 0..<count where self[index] | 0x20 != expected[index] { return false }
        return true
    }
}
