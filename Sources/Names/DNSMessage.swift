// SPDX-License-Identifier: AGPL-3.0-or-later

/// DNS messages as bytes (RFC 1035 §4). A question is written, an answer read; what is read comes from the network and
/// may be anything.
enum DNSMessage {
    /// An answer to a question of ours.
    struct Answer: Hashable, Sendable {
        /// The response code: 0 no error, 2 failure, 3 no such name, 5 refused.
        var code: Int
        /// Only part of it fitted a datagram: it is to be asked for over TCP.
        var isTruncated: Bool
        /// Of the kinds we know; others are passed over.
        var records: [DNSRecord]
    }

    /// Records read of one answer; more are passed over.
    static let mostRecords = 128

    /// nil when the name cannot be written: an empty or too long label or name (RFC 1035 §2.3.4).
    static func question(_ question: DNSQuestion, id: UInt16) -> [UInt8]? {
        // Recursion is wanted; one question.
        var bytes: [UInt8] = [UInt8(id >> 8), UInt8(id & 0xFF), 0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 0]
        var length = 1
        for label in question.name.split(separator: ".", omittingEmptySubsequences: false) {
            guard (1...63).contains(label.utf8.count) else { return nil }
            length += 1 + label.utf8.count
            bytes.append(UInt8(label.utf8.count))
            bytes += label.utf8
        }
        guard length <= 255 else { return nil }
        bytes += [0, UInt8(question.type.rawValue >> 8), UInt8(question.type.rawValue & 0xFF), 0, 1]
        return bytes
    }

    /// nil when it is no answer to this very question, or cannot be read to the end of its answer section.
    static func answer(_ bytes: [UInt8], to question: DNSQuestion, id: UInt16) -> Answer? {
        var reader = Reader(bytes)
        guard reader.number() == id, let flags = reader.number(), let questions = reader.number(),
            let answers = reader.number(), reader.skip(4), flags & 0x8000 != 0, flags & 0x7800 == 0, questions == 1,
            case .name(question.name)? = reader.name(), reader.number() == question.type.rawValue, reader.number() == 1
        else { return nil }
        let isTruncated = flags & 0x0200 != 0
        var records: [DNSRecord] = []
        // What is cut off is read again over TCP.
        if !isTruncated {
            for _ in 0..<min(Int(answers), mostRecords) {
                guard let record = reader.record() else { return nil }
                if let record { records.append(record) }
            }
        }
        return Answer(code: Int(flags & 0x0F), isTruncated: isTruncated, records: records)
    }

    /// A name as it stands in a message.
    enum Name: Hashable {
        /// Lower case; empty for the root.
        case name(String)
        /// Well-formed, but with bytes no host or service has.
        case odd
    }

    /// Reads forward; every read is checked against the end.
    struct Reader {
        private let bytes: [UInt8]
        private var at = 0

        init(_ bytes: [UInt8]) { self.bytes = bytes }

        mutating func number() -> UInt16? {
            guard at + 2 <= bytes.count else { return nil }
            defer { at += 2 }
            return UInt16(bytes[at]) << 8 | UInt16(bytes[at + 1])
        }

        mutating func skip(_ count: Int) -> Bool {
            guard at + count <= bytes.count else { return false }
            at += count
            return true
        }

        /// A name, compressed or not (§4.1.4). Pointers lead back only, each before the last, so that no name runs in
        /// circles.
        mutating func name() -> Name? {
            var text: [UInt8] = []
            var position = at
            var lowest = at
            var end: Int?
            var isOdd = false
            while true {
                guard position < bytes.count else { return nil }
                let length = Int(bytes[position])
                if length == 0 {
                    at = end ?? position + 1
                    return isOdd ? .odd : .name(String(decoding: text, as: UTF8.self))
                }
                if length & 0xC0 == 0xC0 {
                    guard position + 1 < bytes.count else { return nil }
                    let target = (length & 0x3F) << 8 | Int(bytes[position + 1])
                    guard target < lowest else { return nil }
                    end = end ?? position + 2
                    lowest = target
                    position = target
                    continue
                }
                guard length & 0xC0 == 0, position + 1 + length <= bytes.count else { return nil }
                if !text.isEmpty { text.append(0x2E) }
                for byte in bytes[position + 1..<position + 1 + length] {
                    switch byte {
                    case 0x41...0x5A: text.append(byte + 0x20)
                    case 0x61...0x7A, 0x30...0x39, 0x2D, 0x5F: text.append(byte)
                    default: isOdd = true
                    }
                }
                guard text.count <= 253 else { return nil }
                position += 1 + length
            }
        }

        /// The next record: nil when the message ends within it, `.some(nil)` when it is of no use to us.
        mutating func record() -> DNSRecord?? {
            guard let owner = name(), let type = number(), let type2 = number(), let high = number(),
                let low = number(), let length = number(), at + Int(length) <= bytes.count
            else { return nil }
            let start = at
            let end = at + Int(length)
            defer { at = end }
            let life = UInt32(high) << 16 | UInt32(low)
            guard case .name(let name) = owner, type2 == 1, let kind = DNSRecord.Kind(rawValue: type),
                let data = data(kind, from: start, to: end)
            else { return .some(nil) }
            return DNSRecord(name: name, kind: kind, seconds: life > 0x7FFF_FFFF ? 0 : life, data: data)
        }

        private mutating func data(_ kind: DNSRecord.Kind, from start: Int, to end: Int) -> DNSRecord.Data? {
            switch kind {
            case .a, .aaaa:
                guard end - start == (kind == .a ? 4 : 16) else { return nil }
                return DNSRecord.addressText(bytes[start..<end]).map { .address($0) }
            case .cname:
                guard case .name(let target)? = name(), at == end, !target.isEmpty else { return nil }
                return .alias(target)
            case .srv:
                guard let priority = number(), let weight = number(), let port = number(),
                    case .name(let target)? = name(), at == end
                else { return nil }
                return .srv(priority: priority, weight: weight, port: port, target: target)
            }
        }
    }
}
