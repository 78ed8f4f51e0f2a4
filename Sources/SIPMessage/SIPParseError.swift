// SPDX-License-Identifier: AGPL-3.0-or-later

/// Why bytes are no SIP message, and what to answer.
public struct SIPParseError: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Reason: Hashable, Sendable {
        /// Nothing but line ends (RFC 5626 §4.4.1): no message was meant.
        case keepAlive
        /// The message or its headers exceed ``ParseLimits``.
        case tooLarge
        /// No empty line behind the headers.
        case unterminated
        case malformedStartLine
        /// Not SIP/2.0; answered 505.
        case unsupportedVersion
        /// Answered 414.
        case requestURITooLong
        /// The Request-URI is neither sip, sips nor tel; answered 416.
        case unsupportedScheme
        case malformedHeader
        case missingHeader
        /// A header that may stand once stands twice.
        case duplicateHeader
        /// Content-Length is no number, too large, or larger than what came.
        case contentLength
        /// A number outside the range the standard gives it.
        case scalarOutOfRange
        /// CSeq names another method than the request line.
        case methodMismatch
    }

    public var reason: Reason
    /// In words, for a log: never contains bytes of the message.
    public var detail: String
    /// The response to send back (400, 414, 416, 505 or 513, RFC 3261 §8.2 and §21.4.1), with a To tag that is the
    /// same for each retransmission. nil means silence: not a request, an ACK, or too broken to be addressed.
    /// The transport still has to note `received` and `rport` in its top Via.
    public var answer: SIPMessage?

    public var description: String { detail }
}

/// What the reader throws inside; ``SIPParseError`` adds the answer.
struct Flaw: Error {
    var reason: SIPParseError.Reason
    var detail: String
    /// The status of the answer.
    var status: Int

    init(_ reason: SIPParseError.Reason, _ detail: String, status: Int = 400) {
        self.reason = reason
        self.detail = detail
        self.status = status
    }
}
