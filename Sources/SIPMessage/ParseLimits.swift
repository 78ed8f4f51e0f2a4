// SPDX-License-Identifier: AGPL-3.0-or-later

/// What a message may weigh before libosip2 sees it. Its parser is quadratic in header lines, list elements and
/// parameters, so everything that multiplies is bounded here.
public struct ParseLimits: Hashable, Sendable {
    /// The whole message, in bytes.
    public var messageBytes: Int
    /// Start line and headers with the empty line behind them, in bytes.
    public var headerBytes: Int
    /// Header lines, continuation lines not counted.
    public var headerLines: Int
    /// Commas in all headers that libosip2 splits (Via, Contact, Route, Record-Route …) together.
    public var commas: Int
    /// `;`, `&`, `"` and `<` in all headers that libosip2 reads, together.
    public var delimiters: Int
    /// The Request-URI, in bytes; more is answered 414.
    public var requestURIBytes: Int
    /// In a datagram the end of the message is known, so Content-Length may be absent or too small
    /// (RFC 3261 §18.3); on a stream it is mandatory.
    public var isDatagram: Bool

    public init(
        messageBytes: Int, headerBytes: Int = 16_384, headerLines: Int = 128, commas: Int = 256,
        delimiters: Int = 512, requestURIBytes: Int = 1_024, isDatagram: Bool
    ) {
        self.messageBytes = messageBytes
        self.headerBytes = headerBytes
        self.headerLines = headerLines
        self.commas = commas
        self.delimiters = delimiters
        self.requestURIBytes = requestURIBytes
        self.isDatagram = isDatagram
    }

    /// 16 KiB in all.
    public static let datagram = ParseLimits(messageBytes: 16_384, isDatagram: true)
    /// 64 KiB in all, 16 KiB of it headers.
    public static let stream = ParseLimits(messageBytes: 65_536, isDatagram: false)
}
