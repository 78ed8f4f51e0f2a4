// SPDX-License-Identifier: AGPL-3.0-or-later
import COSIP

/// Why bytes are no session description.
public struct SDPParseError: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Reason: Hashable, Sendable {
        /// Over a limit of ``SessionDescription/parse(_:)-(UnsafeRawBufferPointer)``.
        case tooLarge
        /// A line is not `x=…`, or holds NUL or another control character.
        case malformedLine
        /// The lines do not make a description, or not in the order of RFC 4566 §5.
        case malformed
        /// A port, payload type or rate outside its range.
        case scalarOutOfRange
    }

    public var reason: Reason
    /// In words, for a log: never contains bytes of the description.
    public var detail: String
    public var description: String { detail }

    init(_ reason: Reason, _ detail: String) {
        self.reason = reason
        self.detail = detail
    }
}

extension SessionDescription {
    /// Reads a description: at most 8 KiB, 256 lines, 1,024 bytes a line, 16 media lines, 64 formats a media line.
    /// The grammar is libosip2's. Bare LF and a missing last line end are accepted.
    public static func parse(_ bytes: UnsafeRawBufferPointer) throws(SDPParseError) -> SessionDescription {
        var text = try SDPText(bytes)
        return try text.read()
    }

    /// As ``parse(_:)-(UnsafeRawBufferPointer)``.
    public static func parse(_ bytes: [UInt8]) throws(SDPParseError) -> SessionDescription {
        let result = bytes.withUnsafeBytes { raw -> Result<SessionDescription, SDPParseError> in
            do throws(SDPParseError) { return .success(try parse(raw)) } catch { return .failure(error) }
        }
        return try result.get()
    }
}

/// A checked copy in the form libosip2 wants: CRLF line ends, a last line end, a NUL.
private struct SDPText {
    private var text: [UInt8] = []

    init(_ bytes: UnsafeRawBufferPointer) throws(SDPParseError) {
        guard bytes.count <= 8_192 else { throw SDPParseError(.tooLarge, "more than 8192 bytes") }
        text.reserveCapacity(bytes.count + 300)
        var lines = 0
        var media = 0
        for line in bytes.split(separator: 0x0A, omittingEmptySubsequences: true) {
            var line = line
            if line.last == 0x0D { line.removeLast() }
            if line.isEmpty { continue }
            lines += 1
            guard line.count <= 1_024, lines <= 256 else {
                throw SDPParseError(.tooLarge, "too many or too long lines")
            }
            guard line.count >= 2, line[line.startIndex + 1] == 0x3D, !line.contains(where: { $0 < 0x20 && $0 != 0x09 })
            else { throw SDPParseError(.malformedLine, "a line is not x=value") }
            if line[line.startIndex] == UInt8(ascii: "m") {
                media += 1
                // Each space begins at most one more format.
                guard media <= 16, line.count(where: { $0 == 0x20 }) <= 2 + 64 else {
                    throw SDPParseError(.tooLarge, "too many media lines or formats")
                }
            }
            text.append(contentsOf: line)
            text.append(0x0D)
            text.append(0x0A)
        }
        guard lines > 0 else { throw SDPParseError(.malformed, "empty") }
        text.append(0)
    }

    mutating func read() throws(SDPParseError) -> SessionDescription {
        guard cosip_prepare() == 0 else { throw SDPParseError(.malformed, "libosip2 did not start") }
        var handle: UnsafeMutablePointer<sdp_message_t>?
        guard sdp_message_init(&handle) == 0, let message = handle else {
            throw SDPParseError(.malformed, "out of memory")
        }
        defer { sdp_message_free(message) }
        let status = text.withUnsafeBufferPointer { buffer -> Int32 in
            guard let start = buffer.baseAddress else { return -1 }
            return start.withMemoryRebound(to: CChar.self, capacity: buffer.count) { sdp_message_parse(message, $0) }
        }
        guard status == 0 else { throw SDPParseError(.malformed, "the lines are malformed or out of order") }
        return try SessionDescription(osip: message)
    }
}
