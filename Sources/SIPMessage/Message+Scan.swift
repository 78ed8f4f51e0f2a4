// SPDX-License-Identifier: AGPL-3.0-or-later

extension SIPMessage {
    /// Whether the bytes are a keep-alive of RFC 5626 §3.5.1 (`CRLFCRLF`, its answer `CRLF`) or what phones send in its
    /// place: only CR, LF, NUL and spaces, or nothing.
    public static func isKeepAlive(_ bytes: UnsafeRawBufferPointer) -> Bool {
        for byte in bytes where byte != 0x0D && byte != 0x0A && byte != 0 && byte != 0x20 { return false }
        return true
    }

    /// What a stream holds at its beginning (RFC 3261 §18.3).
    public enum Framing: Hashable, Sendable {
        /// A line end outside of any message: drop this many bytes. `isPing` when `CRLFCRLF` (RFC 5626 §4.4.1) came, which
        /// wants `CRLF` back.
        case keepAlive(bytes: Int, isPing: Bool)
        /// A whole message, headers and body, of this many bytes.
        case message(bytes: Int)
        /// More bytes are needed, this many in all as far as is known.
        case incomplete(atLeast: Int)
        /// The stream cannot be understood any more and is to be closed: no or bad Content-Length, or over a limit.
        case broken(SIPParseError.Reason)
    }

    /// Finds the end of the first message in the bytes of a stream.
    public static func scanContentLength(_ bytes: UnsafeRawBufferPointer, limits: ParseLimits = .stream) -> Framing {
        guard let first = bytes.first else { return .incomplete(atLeast: 1) }
        if first == 0x0D || first == 0x0A {
            if bytes.count >= 4, bytes[0] == 0x0D, bytes[1] == 0x0A, bytes[2] == 0x0D, bytes[3] == 0x0A {
                return .keepAlive(bytes: 4, isPing: true)
            }
            if bytes.count < 4, isKeepAlive(bytes), first == 0x0D { return .incomplete(atLeast: 4) }
            return .keepAlive(bytes: first == 0x0D && bytes.count > 1 && bytes[1] == 0x0A ? 2 : 1, isPing: false)
        }
        var scanner = HeaderScanner(UnsafeRawBufferPointer(rebasing: bytes[..<min(bytes.count, limits.headerBytes)]))
        guard scanner.startLine() != nil else { return unfinished(bytes, limits) }
        var length: Int?
        for _ in 0...limits.headerLines {
            switch scanner.next() {
            case .line(let line):
                guard HeaderKind(scanner.bytes(line.name)) == .contentLength else { continue }
                guard length == nil, let value = scanner.number(line.value) else { return .broken(.contentLength) }
                length = value
            case .malformed: continue
            case .unterminated: return unfinished(bytes, limits)
            case .end(let body):
                guard let length else { return .broken(.contentLength) }
                guard length <= limits.messageBytes - body else { return .broken(.tooLarge) }
                return bytes.count >= body + length
                    ? .message(bytes: body + length) : .incomplete(atLeast: body + length)
            }
        }
        return .broken(.tooLarge)
    }

    private static func unfinished(_ bytes: UnsafeRawBufferPointer, _ limits: ParseLimits) -> Framing {
        bytes.count >= limits.headerBytes ? .broken(.tooLarge) : .incomplete(atLeast: bytes.count + 1)
    }
}
