// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Glibc
internal import SIPMessage

/// Cuts a stream into SIP messages by Content-Length (RFC 3261 §18.3). No I/O.
///
/// A message that lies whole in what was just read is handed on where it lies; only an unfinished one is
/// kept, never more than the limit and one read.
struct StreamFramer: Sendable {
    enum Piece {
        /// Header and body. Valid during the call only.
        case message(UnsafeRawBufferPointer)
        /// Two empty lines in a row, to be answered with one (RFC 5626 §4.4.1).
        case ping
    }

    /// What a stream cannot recover from.
    enum Failure: Error, Equatable {
        /// What should begin a message is no printable character, or a CR without its LF.
        case notSIP
        /// No usable Content-Length, which streams must have (RFC 3261 §20.14), or too long a message.
        case unusable(SIPParseError.Reason)
    }

    private let limits: ParseLimits
    private var pending: [UInt8] = []
    /// How many bytes of the unfinished message were searched for the end of its header.
    private var searched = 0
    /// The length of the message at the front, once its header is whole; 0 before.
    private var needed = 0
    /// Empty lines seen in a row before the next message.
    private var emptyLines = 0

    /// - Parameter limit: the largest message, in bytes.
    init(limit: Int) {
        var limits = ParseLimits.stream
        limits.messageBytes = limit
        limits.headerBytes = min(limits.headerBytes, limit)
        self.limits = limits
    }

    /// Whether a message has begun and is not whole.
    var isInsideMessage: Bool { !pending.isEmpty }

    /// Takes what was read; returns what broke the stream, after which it must be closed.
    mutating func consume(_ bytes: UnsafeRawBufferPointer, _ body: (Piece) -> Void) -> Failure? {
        if pending.isEmpty {
            let (used, failure) = frame(bytes, body)
            if failure == nil, used < bytes.count { pending.append(contentsOf: bytes[used...]) }
            return failure
        }
        var held: [UInt8] = []
        swap(&held, &pending)
        held.append(contentsOf: bytes)
        let (used, failure) = held.withUnsafeBytes { frame($0, body) }
        if used == held.count || failure != nil { return failure }
        if used == 0 { pending = held } else { pending = Array(held[used...]) }
        return nil
    }

    private mutating func frame(
        _ bytes: UnsafeRawBufferPointer, _ body: (Piece) -> Void
    ) -> (used: Int, failure: Failure?) {
        var at = 0
        while at < bytes.count {
            if needed == 0 {
                if searched == 0, bytes[at] == 0x0D {
                    guard at + 1 < bytes.count else { break }
                    guard bytes[at + 1] == 0x0A else { return (at, .notSIP) }
                    at += 2
                    emptyLines += 1
                    if emptyLines == 2 {
                        emptyLines = 0
                        body(.ping)
                    }
                    continue
                }
                guard (0x21...0x7E).contains(bytes[at]) else { return (at, .notSIP) }
                emptyLines = 0
                guard let end = headerEnd(bytes, from: at) else {
                    searched = bytes.count - at
                    return searched > limits.headerBytes ? (at, .unusable(.tooLarge)) : (at, nil)
                }
                guard end - at <= limits.headerBytes else { return (at, .unusable(.tooLarge)) }
                // Asked once per message, with the header whole: reading a trickling stream stays linear.
                let header = UnsafeRawBufferPointer(rebasing: bytes[at..<end])
                switch SIPMessage.scanContentLength(header, limits: limits) {
                case .message(let length), .incomplete(let length):
                    guard length >= header.count else { return (at, .notSIP) }
                    needed = length
                case .broken(let reason): return (at, .unusable(reason))
                case .keepAlive: return (at, .notSIP)
                }
            }
            guard bytes.count - at >= needed else { break }
            body(.message(UnsafeRawBufferPointer(rebasing: bytes[at..<at + needed])))
            at += needed
            needed = 0
            searched = 0
        }
        return (at, nil)
    }

    /// The index behind the empty line that ends the header.
    private func headerEnd(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
        guard let base = bytes.baseAddress else { return nil }
        // An end may straddle what was searched before: its last byte is the first new one at the earliest.
        var at = start + max(searched, 3)
        while at < bytes.count {
            guard let found = memchr(base + at, 0x0A, bytes.count - at) else { return nil }
            let line = UnsafeRawPointer(found) - base
            if bytes[line - 1] == 0x0D, bytes[line - 2] == 0x0A, bytes[line - 3] == 0x0D { return line + 1 }
            at = line + 1
        }
        return nil
    }
}
